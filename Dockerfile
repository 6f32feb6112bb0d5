# syntax=docker/dockerfile:1
#
# docker build --tag task2vec .
# docker build --tag task2vec:cuda --build-arg TORCH=cu128 .    (run it with `--gpus all`)
ARG PYTHON=3.12

FROM python:${PYTHON}-slim-bookworm AS build
# `cpu`, or the CUDA version of one of PyTorch's own builds. They bring CUDA's libraries along: the
# image needs none, the host its driver and the container toolkit.
ARG TORCH=cpu
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY deploy/install.sh deploy/
COPY api api
COPY probe_models probe_models
COPY task2vec task2vec
# The script's check of the installation converts the packaged weights: they are kept for the image.
ENV TASK2VEC_CACHE=/opt/weights
RUN --mount=type=cache,target=/root/.cache/pip \
    sh deploy/install.sh /opt/task2vec --torch-index "https://download.pytorch.org/whl/${TORCH}"

FROM python:${PYTHON}-slim-bookworm
LABEL org.opencontainers.image.title="task2vec" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN useradd --system --uid 10001 --create-home --home-dir /data task2vec
COPY --from=build /opt/task2vec /opt/task2vec
COPY --from=build /opt/weights /opt/weights
ENV PATH="/opt/task2vec/bin:${PATH}" \
    PYTHONUNBUFFERED=1 \
    TASK2VEC_CACHE=/opt/weights \
    TASK2VEC_STORE=/data/store \
    HF_HOME=/data/hub
USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 8000
# Of the server. A container that runs a worker switches it off.
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/livez', timeout=4)"]
ENTRYPOINT ["task2vec"]
CMD ["serve", "--host", "0.0.0.0"]
