-- AlterTable
ALTER TABLE "record_usage" ADD COLUMN "key_id" TEXT;
ALTER TABLE "record_usage" ADD COLUMN "public_key_id" TEXT;

-- CreateTable
CREATE TABLE "user_encryption_keys" (
    "user_id" TEXT NOT NULL PRIMARY KEY,
    "encrypted_private_key" TEXT NOT NULL,
    "public_key" TEXT NOT NULL,
    "key_salt" TEXT NOT NULL,
    "key_id" TEXT NOT NULL,
    "public_key_id" TEXT NOT NULL,
    "encryption_enabled" BOOLEAN NOT NULL,
    "biometric_key_available" BOOLEAN NOT NULL DEFAULT false,
    "ring_revision" INTEGER NOT NULL,
    "slots_revision" INTEGER NOT NULL DEFAULT 0,
    "generation" INTEGER NOT NULL,
    "created_at" DATETIME NOT NULL,
    CONSTRAINT "user_encryption_keys_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "key_slots" (
    "id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "passkey_id" TEXT,
    "envelope" TEXT NOT NULL,
    "verifier_hash" TEXT,
    "generation" INTEGER NOT NULL,
    "created_at" DATETIME NOT NULL,

    PRIMARY KEY ("user_id", "id"),
    CONSTRAINT "key_slots_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "key_slots_user_id_passkey_id_fkey" FOREIGN KEY ("user_id", "passkey_id") REFERENCES "passkeys" ("user_id", "id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "key_rotations" (
    "id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "from_key_id" TEXT NOT NULL,
    "to_key_id" TEXT NOT NULL,
    "from_public_key_id" TEXT,
    "started_at" DATETIME NOT NULL,
    "finished_at" DATETIME,

    PRIMARY KEY ("user_id", "id"),
    CONSTRAINT "key_rotations_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateIndex
CREATE UNIQUE INDEX "key_slots_user_id_passkey_id_key" ON "key_slots"("user_id", "passkey_id");

-- CreateIndex
CREATE INDEX "records_user_id_key_id_idx" ON "records"("user_id", "key_id");
