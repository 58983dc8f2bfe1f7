# One image for the site, its workers and the set-up; docker-compose.yml says who runs what.

FROM python:3.11.15-slim-trixie AS packages

# On Linux, PyTorch's usual wheel brings two gigabytes of GPU libraries. Without a GPU, name
# PyTorch's own index of CPU wheels: docker compose build --build-arg TORCH_INDEX=...
ARG TORCH_INDEX=""

WORKDIR /build
RUN python -m venv /venv && /venv/bin/python -m pip install --no-cache-dir pip==26.3
COPY config/locks ./
# Each wheel by its sha256 (`make lock`). Wheels only: nothing is compiled, so no compiler is needed
# in either stage.
ARG PIP_NO_CACHE_DIR=1 PIP_NO_DEPS=1 PIP_ONLY_BINARY=:all:
RUN /venv/bin/python -m pip install --require-hashes --requirement packages.lock
# The CPU wheel has no hash here: the index that is named vouches for it.
RUN if [ -z "$TORCH_INDEX" ]; \
    then /venv/bin/python -m pip install --require-hashes --requirement torch.lock; \
    else /venv/bin/python -m pip install --index-url "$TORCH_INDEX" \
         "$(sed -n 's/^\(torch==[^ ]*\).*/\1/p' torch.lock)"; \
    fi \
    && /venv/bin/python -m pip check


FROM python:3.11.15-slim-trixie

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
