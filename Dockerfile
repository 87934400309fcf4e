FROM python:3.13-slim AS build
WORKDIR /exeunt
COPY requirements.lock pyproject.toml README.md alembic.ini ./
COPY adapters adapters
COPY workflows workflows
COPY app app
COPY alembic alembic
RUN python -m venv /venv \
 && /venv/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements.lock \
 && /venv/bin/pip install --no-cache-dir hatchling editables \
 && /venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation -e . \
 && /venv/bin/pip uninstall -y hatchling editables pip

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /data exeunt && install -d -o exeunt /data
COPY --from=build /venv /venv
COPY --from=build /exeunt /exeunt
USER exeunt
WORKDIR /data
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    EXEUNT_HOST=0.0.0.0 \
    EXEUNT_DATABASE_URL=sqlite:////data/exeunt.db \
    EXEUNT_CONFIG=/data/exeunt.yaml
VOLUME /data
EXPOSE 8800
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["python", "-c", \
  "import urllib.request as u; u.urlopen('http://127.0.0.1:8800/healthz', timeout=4)"]
CMD ["exeunt", "serve"]
