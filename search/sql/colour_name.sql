-- The name of "#rrggbb" by its lightness, chroma and hue. A main colour is a mean, and so duller
-- than what people see in the picture: little chroma is enough to be called a colour.
CREATE OR REPLACE FUNCTION colour_name(colour text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$
WITH rgb AS (
    SELECT ('x' || substr(colour, 2, 2))::bit(8)::int AS r,
           ('x' || substr(colour, 4, 2))::bit(8)::int AS g,
           ('x' || substr(colour, 6, 2))::bit(8)::int AS b
), chroma AS (
    SELECT *, greatest(r, g, b) AS most, least(r, g, b) AS least,
           greatest(r, g, b) - least(r, g, b) AS c FROM rgb
), hue AS (
    SELECT *, CASE WHEN c = 0 THEN 0
                   WHEN most = r THEN 60.0 * (g - b) / c
                   WHEN most = g THEN 60.0 * (b - r) / c + 120
                   ELSE 60.0 * (r - g) / c + 240 END AS h FROM chroma
)
SELECT CASE
    WHEN most < 45 THEN 'black'
    WHEN least > 220 THEN 'white'
    WHEN c < 22 THEN 'grey'
    WHEN h < -15 THEN CASE WHEN most > 180 OR h < -35 THEN 'pink' ELSE 'red' END
    WHEN h < 15 THEN CASE WHEN most < 130 AND c < 90 THEN 'brown'
                          WHEN least > 150 THEN 'pink' ELSE 'red' END
    WHEN h < 42 THEN CASE WHEN most < 190 OR c < 90 THEN 'brown' ELSE 'orange' END
    WHEN h < 50 AND most < 150 THEN 'brown'
    WHEN h < 68 THEN CASE WHEN most < 150 THEN 'green' ELSE 'yellow' END
    WHEN h < 160 THEN 'green'
    WHEN h < 195 THEN 'teal'
    WHEN h < 255 THEN 'blue'
    ELSE 'purple' END
FROM hue
$$;
