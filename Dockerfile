# One image for the site, its workers and the set-up; docker-compose.yml says who runs what.

FROM python:3.11-slim AS packages

# On Linux, PyTorch's usual wheel brings two gigabytes of GPU libraries. Without a GPU, name
# PyTorch's own index of CPU wheels: docker compose build --build-arg PIP_EXTRA_INDEX_URL=...
ARG PIP_EXTRA_INDEX_URL=""

WORKDIR /build
RUN python -m venv /venv && /venv/bin/python -m pip install --no-cache-dir pip==26.3
COPY pyproject.toml constraints.txt ./
# Wheels only: nothing is compiled, so no compiler is needed in either stage.
RUN /venv/bin/python -m pip install --no-cache-dir --only-binary :all: \
    --constraint constraints.txt --group serve


FROM python:3.11-slim

RUN useradd --uid 10001 --create-home --home-dir /data sightline \
    && install --directory --owner sightline /data/media /data/media/uploads /data/huggingface /data/trained

ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    VAR_DIR=/data \
    HF_HOME=/data/huggingface \
    STATIC_ROOT=/app/static

COPY --from=packages /venv /venv
WORKDIR /app
COPY manage.py ./
COPY config config
COPY search search
COPY templates templates
COPY workers workers

# In the image rather than in a volume, which would keep the files of the version before. Neither
# the key nor the database is used for this.
RUN SECRET_KEY=unused DATABASE_URL=postgresql://unused/unused \
    python manage.py collectstatic --noinput

USER sightline
EXPOSE 8000
