"""The rules by which pictures are read."""

# Version of the rules: raised with each change by which a picture that the library holds comes to
# other colours, another hash, date or vector ("manage.py upgrade-library" then reads it anew).
# 2: palettes with transparency keep their colours; dates as software writes them; deep greys.
# 3: who says when a picture was taken, and with what it was.
RULES = 3
