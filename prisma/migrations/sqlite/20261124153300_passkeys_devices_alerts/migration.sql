-- DropIndex
DROP INDEX "outbox_mails_available_at_idx";

-- DropIndex
DROP INDEX "outbox_mails_expires_at_idx";

-- AlterTable
ALTER TABLE "sessions" ADD COLUMN "device_hash" TEXT;

-- The mails that wait go on waiting, under the table's new name.
ALTER TABLE "outbox_mails" RENAME TO "outbox_messages";
ALTER TABLE "outbox_messages" ADD COLUMN "channel" TEXT NOT NULL DEFAULT 'mail';

-- CreateTable
CREATE TABLE "passkeys" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "user_id" TEXT NOT NULL,
    "credential_id" TEXT NOT NULL,
    "public_key" TEXT NOT NULL,
    "counter" BIGINT NOT NULL DEFAULT 0,
    "name" TEXT NOT NULL,
    "device_type" TEXT NOT NULL,
    "backed_up" BOOLEAN NOT NULL,
    "transports" TEXT NOT NULL,
    "aaguid" TEXT NOT NULL,
    "created_at" DATETIME NOT NULL,
    "last_used_at" DATETIME,
    CONSTRAINT "passkeys_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "passkey_challenges" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "purpose" TEXT NOT NULL,
    "challenge" TEXT NOT NULL,
    "browser_hash" TEXT NOT NULL,
    "account_id" TEXT,
    "email" TEXT,
    "created_at" DATETIME NOT NULL,
    "expires_at" DATETIME NOT NULL
);

-- CreateTable
CREATE TABLE "reauthentication_codes" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "user_id" TEXT NOT NULL,
    "session_id" TEXT NOT NULL,
    "code_hash" TEXT NOT NULL,
    "code_tries" INTEGER NOT NULL DEFAULT 0,
    "created_at" DATETIME NOT NULL,
    "expires_at" DATETIME NOT NULL,
    "consumed_at" DATETIME,
    CONSTRAINT "reauthentication_codes_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "known_devices" (
    "user_id" TEXT NOT NULL,
    "device_hash" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "first_seen_at" DATETIME NOT NULL,
    "last_seen_at" DATETIME NOT NULL,

    PRIMARY KEY ("user_id", "device_hash"),
    CONSTRAINT "known_devices_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "known_places" (
    "user_id" TEXT NOT NULL,
    "place_hash" TEXT NOT NULL,
    "first_seen_at" DATETIME NOT NULL,
    "last_seen_at" DATETIME NOT NULL,

    PRIMARY KEY ("user_id", "place_hash"),
    CONSTRAINT "known_places_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "security_alerts" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "user_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "message" TEXT NOT NULL,
    "ip_address" TEXT,
    "device_name" TEXT,
    "once_key" TEXT NOT NULL,
    "not_me_hash" TEXT,
    "created_at" DATETIME NOT NULL,
    "acknowledged_at" DATETIME,
    CONSTRAINT "security_alerts_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "access_tallies" (
    "user_id" TEXT NOT NULL,
    "hour" DATETIME NOT NULL,
    "rows" INTEGER NOT NULL DEFAULT 0,
    "missing" INTEGER NOT NULL DEFAULT 0,

    PRIMARY KEY ("user_id", "hour"),
    CONSTRAINT "access_tallies_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- RedefineTables
PRAGMA defer_foreign_keys=ON;
PRAGMA foreign_keys=OFF;
CREATE TABLE "new_users" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "email" TEXT NOT NULL,
    "display_name" TEXT,
    "created_at" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_login_at" DATETIME,
    "passkey_count" INTEGER NOT NULL DEFAULT 0
);
INSERT INTO "new_users" ("created_at", "display_name", "email", "id", "last_login_at") SELECT "created_at", "display_name", "email", "id", "last_login_at" FROM "users";
DROP TABLE "users";
ALTER TABLE "new_users" RENAME TO "users";
CREATE UNIQUE INDEX "users_email_key" ON "users"("email");
PRAGMA foreign_keys=ON;
PRAGMA defer_foreign_keys=OFF;

-- CreateIndex
CREATE INDEX "outbox_messages_available_at_idx" ON "outbox_messages"("available_at");

-- CreateIndex
CREATE INDEX "outbox_messages_expires_at_idx" ON "outbox_messages"("expires_at");

-- CreateIndex
CREATE UNIQUE INDEX "passkeys_credential_id_key" ON "passkeys"("credential_id");

-- CreateIndex
CREATE INDEX "passkeys_user_id_created_at_idx" ON "passkeys"("user_id", "created_at");

-- CreateIndex
CREATE UNIQUE INDEX "passkeys_user_id_id_key" ON "passkeys"("user_id", "id");

-- CreateIndex
CREATE INDEX "passkey_challenges_expires_at_idx" ON "passkey_challenges"("expires_at");

-- CreateIndex
CREATE INDEX "reauthentication_codes_user_id_session_id_idx" ON "reauthentication_codes"("user_id", "session_id");

-- CreateIndex
CREATE INDEX "reauthentication_codes_expires_at_idx" ON "reauthentication_codes"("expires_at");

-- CreateIndex
CREATE INDEX "known_devices_last_seen_at_idx" ON "known_devices"("last_seen_at");

-- CreateIndex
CREATE INDEX "known_places_last_seen_at_idx" ON "known_places"("last_seen_at");

-- CreateIndex
CREATE UNIQUE INDEX "security_alerts_not_me_hash_key" ON "security_alerts"("not_me_hash");

-- CreateIndex
CREATE INDEX "security_alerts_user_id_created_at_id_idx" ON "security_alerts"("user_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "security_alerts_created_at_idx" ON "security_alerts"("created_at");

-- CreateIndex
CREATE UNIQUE INDEX "security_alerts_user_id_once_key_key" ON "security_alerts"("user_id", "once_key");

-- CreateIndex
CREATE INDEX "access_tallies_hour_idx" ON "access_tallies"("hour");
