# The one image of the platform: every service, worker, migration and job is this image with another ECOM_SERVICE.
#
# The base is pinned by its full version, not by a digest: where this was written, no registry of images could be reached
# to look one up. The continuous integration signs what it has built, and that is what is deployed. Where no base can be
# had at all, `make image` gives another one by BASE.
ARG BASE=docker.io/library/python:3.11.13-slim-bookworm

FROM ${BASE} AS build
WORKDIR /app
COPY requirements/platform.txt requirements/platform.txt
# Wheels only, by their hashes: nothing is compiled. Byte code by content, not by time, so that two builds are the same.
RUN python3 -m venv /opt/venv \
 && /opt/venv/bin/python -m pip install --quiet --no-compile --no-cache-dir --no-deps --only-binary=:all: \
      --disable-pip-version-check --require-hashes -r requirements/platform.txt \
 && /opt/venv/bin/python -m pip uninstall --quiet --yes pip setuptools \
 && find /opt/venv -name '*.pyc' -delete \
 && /opt/venv/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/venv/lib
COPY manage.py manage.py
COPY ecom ecom
# Static files with hashed names. The values are for this one command: settings insist on having some.
RUN SECRET=only-for-collecting-static-files-at-build-time \
 && ECOM_SERVICE=backoffice ECOM_STATIC_FILES=collected ECOM_ALLOWED_HOSTS=localhost ECOM_TOKEN_KEYS='{"keys": []}' \
    ECOM_SECRET_KEY=$SECRET ECOM_VISITOR_KEY=$SECRET ECOM_CUSTOMERS_DSN=postgresql://localhost/customers \
    ECOM_CATALOG_DSN=postgresql://localhost/catalog ECOM_ORDERS_DSN=postgresql://localhost/orders \
    ECOM_UPLOADS_BUCKET=none ECOM_REPORTS_BUCKET=none AWS_REGION=eu-central-1 \
    PYTHONDONTWRITEBYTECODE=1 /opt/venv/bin/python manage.py collectstatic --no-input --verbosity 0 \
 && /opt/venv/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash ecom

FROM ${BASE}
# What installs packages has no use here.
RUN rm -rf /usr/local/lib/python3.11/site-packages/* /usr/local/lib/python3.11/ensurepip /usr/local/bin/pip* \
      /usr/lib/python3.11/ensurepip /usr/share/python-wheels
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin HOME=/tmp DJANGO_SETTINGS_MODULE=ecom.settings \
    PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 ECOM_STATIC_FILES=collected
# Nobody: files are root's, and the file system may be read-only but for /tmp.
USER 10001:10001
EXPOSE 8000 8100
STOPSIGNAL SIGTERM
CMD ["gunicorn", "--config", "ecom/gunicorn.conf.py"]
