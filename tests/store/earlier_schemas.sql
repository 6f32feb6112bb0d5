-- The schemas of earlier versions, each by what it changed of the one before, on empty tables.
-- 0001
CREATE TABLE alembic_version (
  version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num));
CREATE TABLE tasks (
  id VARCHAR NOT NULL, name VARCHAR NOT NULL, probe_name VARCHAR NOT NULL, space TEXT NOT NULL,
  provenance TEXT NOT NULL, complexity FLOAT, seconds FLOAT NOT NULL, source TEXT NOT NULL,
  source_signature TEXT NOT NULL, created VARCHAR NOT NULL, tags TEXT NOT NULL, warnings TEXT NOT
  NULL, CONSTRAINT pk_tasks PRIMARY KEY (id), CONSTRAINT uq_tasks_name UNIQUE (name));
CREATE INDEX ix_tasks_space ON tasks (space);
CREATE TABLE vectors (
  task VARCHAR NOT NULL, kind VARCHAR NOT NULL, sha256 VARCHAR NOT NULL, data BLOB NOT NULL,
  CONSTRAINT pk_vectors PRIMARY KEY (task, kind), CONSTRAINT fk_vectors_task FOREIGN KEY(task)
  REFERENCES tasks (id) ON DELETE CASCADE);
CREATE TABLE thumbnails (
  task VARCHAR NOT NULL, data BLOB NOT NULL, CONSTRAINT pk_thumbnails PRIMARY KEY (task), CONSTRAINT
  fk_thumbnails_task FOREIGN KEY(task) REFERENCES tasks (id) ON DELETE CASCADE);
CREATE TABLE models (
  id VARCHAR NOT NULL, name VARCHAR NOT NULL, ref VARCHAR NOT NULL, architecture VARCHAR NOT NULL,
  task VARCHAR, parameters INTEGER, input_size INTEGER, licence VARCHAR, created VARCHAR NOT NULL,
  CONSTRAINT pk_models PRIMARY KEY (id), CONSTRAINT uq_models_name UNIQUE (name), CONSTRAINT
  uq_models_ref UNIQUE (ref), CONSTRAINT fk_models_task FOREIGN KEY(task) REFERENCES tasks (id));
CREATE INDEX ix_models_task ON models (task);
CREATE TABLE outcomes (
  number INTEGER NOT NULL, id VARCHAR NOT NULL, model VARCHAR NOT NULL, task VARCHAR NOT NULL,
  accuracy FLOAT NOT NULL, protocol VARCHAR NOT NULL, interval_low FLOAT, interval_high FLOAT,
  images INTEGER, seed INTEGER, created VARCHAR NOT NULL, details TEXT NOT NULL, CONSTRAINT
  pk_outcomes PRIMARY KEY (number), CONSTRAINT uq_outcomes_id UNIQUE (id), CONSTRAINT
  fk_outcomes_model FOREIGN KEY(model) REFERENCES models (id), CONSTRAINT fk_outcomes_task FOREIGN
  KEY(task) REFERENCES tasks (id));
CREATE INDEX ix_outcomes_model ON outcomes (model);
CREATE INDEX ix_outcomes_task ON outcomes (task);
INSERT INTO alembic_version (version_num) VALUES ('0001');
-- 0002
CREATE TABLE task_changes (
  number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, task VARCHAR NOT NULL, kind VARCHAR NOT NULL);
UPDATE alembic_version SET version_num='0002';
-- 0003
CREATE TABLE datasets (
  id VARCHAR NOT NULL, name VARCHAR NOT NULL, bytes INTEGER NOT NULL, sha256 VARCHAR NOT NULL,
  format VARCHAR NOT NULL, images INTEGER NOT NULL, classes INTEGER NOT NULL, warnings TEXT NOT
  NULL, file VARCHAR NOT NULL, owner VARCHAR, created VARCHAR NOT NULL, expires FLOAT NOT NULL,
  CONSTRAINT pk_datasets PRIMARY KEY (id));
CREATE INDEX ix_datasets_sha256 ON datasets (sha256);
CREATE TABLE batches (
  number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, id VARCHAR NOT NULL, options TEXT NOT NULL,
  owner VARCHAR, created VARCHAR NOT NULL, CONSTRAINT uq_batches_id UNIQUE (id));
CREATE TABLE jobs (
  number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, id VARCHAR NOT NULL, kind VARCHAR NOT NULL,
  state VARCHAR NOT NULL, priority INTEGER NOT NULL, name VARCHAR, payload TEXT NOT NULL, result
  TEXT, error TEXT, progress TEXT NOT NULL, attempts INTEGER NOT NULL, fence INTEGER NOT NULL,
  worker VARCHAR, lease_until FLOAT, not_before FLOAT NOT NULL, quarantined BOOLEAN NOT NULL,
  same_as VARCHAR, dataset VARCHAR, owner VARCHAR, batch VARCHAR, created VARCHAR NOT NULL, started
  VARCHAR, finished VARCHAR, CONSTRAINT uq_jobs_id UNIQUE (id), CONSTRAINT fk_jobs_dataset FOREIGN
  KEY(dataset) REFERENCES datasets (id), CONSTRAINT fk_jobs_batch FOREIGN KEY(batch) REFERENCES
  batches (id));
CREATE INDEX ix_jobs_same_as ON jobs (same_as);
CREATE INDEX ix_jobs_dataset ON jobs (dataset);
CREATE INDEX ix_jobs_batch ON jobs (batch);
CREATE INDEX ix_jobs_next ON jobs (state, priority, number);
CREATE TABLE job_events (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, job VARCHAR NOT NULL, kind VARCHAR NOT NULL, data
  TEXT NOT NULL, CONSTRAINT fk_job_events_job FOREIGN KEY(job) REFERENCES jobs (id) ON DELETE
  CASCADE);
CREATE INDEX ix_job_events_job ON job_events (job);
CREATE TABLE batch_items (
  batch VARCHAR NOT NULL, position INTEGER NOT NULL, name VARCHAR NOT NULL, status VARCHAR, job
  VARCHAR, task VARCHAR, error TEXT, CONSTRAINT pk_batch_items PRIMARY KEY (batch, position),
  CONSTRAINT fk_batch_items_batch FOREIGN KEY(batch) REFERENCES batches (id) ON DELETE CASCADE,
  CONSTRAINT fk_batch_items_job FOREIGN KEY(job) REFERENCES jobs (id));
CREATE INDEX ix_batch_items_job ON batch_items (job);
CREATE TABLE keys (
  id VARCHAR NOT NULL, name VARCHAR NOT NULL, sha256 VARCHAR NOT NULL, scopes TEXT NOT NULL,
  requests_per_minute INTEGER, concurrent_requests INTEGER, created VARCHAR NOT NULL, expires FLOAT,
  revoked VARCHAR, CONSTRAINT pk_keys PRIMARY KEY (id), CONSTRAINT uq_keys_name UNIQUE (name),
  CONSTRAINT uq_keys_sha256 UNIQUE (sha256));
CREATE TABLE audit (
  number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, at VARCHAR NOT NULL, request_id VARCHAR, "key"
  VARCHAR, address VARCHAR, action VARCHAR NOT NULL, subject VARCHAR, status INTEGER);
CREATE INDEX ix_audit_at ON audit (at);
CREATE TABLE idempotency (
  owner VARCHAR NOT NULL, "key" VARCHAR NOT NULL, fingerprint VARCHAR NOT NULL, status INTEGER,
  headers TEXT, body BLOB, created FLOAT NOT NULL, CONSTRAINT pk_idempotency PRIMARY KEY (owner,
  "key"));
CREATE INDEX ix_idempotency_created ON idempotency (created);
UPDATE alembic_version SET version_num='0003';
-- 0004
ALTER TABLE models ADD COLUMN sha256 VARCHAR;
UPDATE alembic_version SET version_num='0004';
-- 0005
CREATE TABLE _alembic_tmp_idempotency (
  owner VARCHAR NOT NULL, "key" VARCHAR NOT NULL, fingerprint VARCHAR NOT NULL, status INTEGER,
  headers TEXT, body BLOB, created FLOAT NOT NULL, progress VARCHAR NOT NULL, CONSTRAINT
  pk_idempotency PRIMARY KEY (owner, "key"));
DROP TABLE idempotency;
ALTER TABLE _alembic_tmp_idempotency RENAME TO idempotency;
CREATE INDEX ix_idempotency_created ON idempotency (created);
UPDATE alembic_version SET version_num='0005';
-- 0006
CREATE TABLE image_hashes (
  task VARCHAR NOT NULL, scheme VARCHAR NOT NULL, data BLOB NOT NULL, CONSTRAINT pk_image_hashes
  PRIMARY KEY (task), CONSTRAINT fk_image_hashes_task FOREIGN KEY(task) REFERENCES tasks (id) ON
  DELETE CASCADE);
UPDATE alembic_version SET version_num='0006';
-- 0007
CREATE TABLE task_details (
  task VARCHAR NOT NULL, data TEXT NOT NULL, CONSTRAINT pk_task_details PRIMARY KEY (task),
  CONSTRAINT fk_task_details_task FOREIGN KEY(task) REFERENCES tasks (id) ON DELETE CASCADE);
UPDATE alembic_version SET version_num='0007';
-- 0008
ALTER TABLE models ADD COLUMN start VARCHAR;
ALTER TABLE models ADD COLUMN lineage TEXT DEFAULT '[]' NOT NULL;
UPDATE alembic_version SET version_num='0008';
-- 0009
CREATE TABLE class_scatters (
  task VARCHAR NOT NULL, data BLOB NOT NULL, CONSTRAINT pk_class_scatters PRIMARY KEY (task),
  CONSTRAINT fk_class_scatters_task FOREIGN KEY(task) REFERENCES tasks (id) ON DELETE CASCADE);
UPDATE alembic_version SET version_num='0009';
