# The database and its two accounts, as docs/operations.md tells. MariaDB's own start runs this when its volume is made.
# shellcheck shell=bash
docker_process_sql <<SQL
CREATE DATABASE backoffice CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;
CREATE USER 'backoffice_deploy'@'%' IDENTIFIED BY '${DEPLOYING_PASSWORD}';
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, REFERENCES, DROP, TRIGGER ON backoffice.* TO 'backoffice_deploy'@'%';
CREATE USER 'backoffice'@'%' IDENTIFIED BY '${SERVING_PASSWORD}';
GRANT SELECT, INSERT, UPDATE, DELETE ON backoffice.* TO 'backoffice'@'%';
SQL
