# One image for collector, enricher and alerter; which of them it is, its command says.
# Every library comes from requirements.lock with its hash; of it only what the package itself needs is installed.
FROM python:3.11.14-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
COPY requirements-pip.lock requirements.lock pyproject.toml ./
RUN python -m venv /opt/diembao \
    && python -m venv /build/tools \
    && /opt/diembao/bin/pip install --require-hashes --no-deps -r requirements-pip.lock \
    && /build/tools/bin/pip install --require-hashes --no-deps -r requirements-pip.lock
# The lock is a constraint here: versions and hashes are its own, tests and linters stay out.
RUN python -c "import tomllib; project = tomllib.load(open('pyproject.toml', 'rb'))['project']; print(*project['dependencies'], *project['optional-dependencies']['scale-out'], sep='\n')" > wanted.txt \
    && /opt/diembao/bin/pip install --require-hashes -c requirements.lock -r wanted.txt \
    && python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['build-system']['requires'], sep='\n')" > builder.txt \
    && /build/tools/bin/pip install --require-hashes -c requirements.lock -r builder.txt
COPY README.md ./
COPY config config
COPY templates templates
COPY services services
RUN /build/tools/bin/pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
    && /opt/diembao/bin/pip install --no-deps --no-index dist/*.whl

FROM python:3.11.14-slim-bookworm
# The group may write in the data folder: an operator's command (deploy/diembao.sh) runs under the operator's account.
# 1000 is also who Elasticsearch and Kibana are in their images: one owner for the files of deploy/secrets/.
RUN groupadd --gid 1000 diembao \
    && useradd --uid 1000 --gid 1000 --no-create-home --home-dir /var/lib/diembao --shell /usr/sbin/nologin diembao \
    && install --directory --owner diembao --group diembao --mode 0770 /var/lib/diembao /var/lib/diembao/mail
COPY --from=build /opt/diembao /opt/diembao
ENV PATH=/opt/diembao/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 DIEMBAO_DATA=/var/lib/diembao
USER 1000:1000
WORKDIR /var/lib/diembao
ENTRYPOINT ["diembao"]
CMD ["--help"]
