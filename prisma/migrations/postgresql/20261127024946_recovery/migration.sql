-- AlterTable
ALTER TABLE "users" ADD COLUMN     "email_changed_at" TIMESTAMP(3);

-- AlterTable
ALTER TABLE "sessions" ADD COLUMN     "mail_proved_at" TIMESTAMP(3);

-- AlterTable
ALTER TABLE "key_slots" ADD COLUMN     "pair" TEXT;

-- CreateTable
CREATE TABLE "security_questions" (
    "user_id" TEXT NOT NULL,
    "sealed" TEXT NOT NULL,
    "salt" TEXT,
    "set_at" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "security_questions_pkey" PRIMARY KEY ("user_id")
);

-- CreateTable
CREATE TABLE "recovery_requests" (
    "id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "method" TEXT NOT NULL,
    "is_open" BOOLEAN,
    "close_reason" TEXT,
    "created_at" TIMESTAMP(3) NOT NULL,
    "available_at" TIMESTAMP(3) NOT NULL,
    "expires_at" TIMESTAMP(3) NOT NULL,
    "answered_at" TIMESTAMP(3),
    "released_at" TIMESTAMP(3),
    "released_to" TEXT,
    "used_slot" TEXT,
    "closed_at" TIMESTAMP(3),
    "wrong_answers" INTEGER NOT NULL DEFAULT 0,
    "reminders_sent" INTEGER NOT NULL DEFAULT 0,
    "cancel_key_id" TEXT NOT NULL,
    "cancel_hash" TEXT NOT NULL,
    "ip_address" TEXT,
    "device_name" TEXT NOT NULL,

    CONSTRAINT "recovery_requests_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "fresh_starts" (
    "user_id" TEXT NOT NULL,
    "created_at" TIMESTAMP(3) NOT NULL,
    "available_at" TIMESTAMP(3) NOT NULL,
    "expires_at" TIMESTAMP(3) NOT NULL,
    "reminders_sent" INTEGER NOT NULL DEFAULT 0,
    "cancel_key_id" TEXT NOT NULL,
    "cancel_hash" TEXT NOT NULL,
    "ip_address" TEXT,
    "device_name" TEXT NOT NULL,

    CONSTRAINT "fresh_starts_pkey" PRIMARY KEY ("user_id")
);

-- CreateTable
CREATE TABLE "former_keys" (
    "id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "encrypted_private_key" TEXT NOT NULL,
    "public_key" TEXT NOT NULL,
    "key_salt" TEXT NOT NULL,
    "key_id" TEXT NOT NULL,
    "ring_revision" INTEGER NOT NULL,
    "slots_revision" INTEGER NOT NULL,
    "generation" INTEGER NOT NULL,
    "slots" TEXT NOT NULL,
    "key_ids" TEXT NOT NULL,
    "given_up_at" TIMESTAMP(3) NOT NULL,
    "remove_at" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "former_keys_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "recovery_requests_cancel_hash_key" ON "recovery_requests"("cancel_hash");

-- CreateIndex
CREATE INDEX "recovery_requests_user_id_method_created_at_idx" ON "recovery_requests"("user_id", "method", "created_at");

-- CreateIndex
CREATE INDEX "recovery_requests_is_open_answered_at_idx" ON "recovery_requests"("is_open", "answered_at");

-- CreateIndex
CREATE INDEX "recovery_requests_closed_at_idx" ON "recovery_requests"("closed_at");

-- CreateIndex
CREATE UNIQUE INDEX "recovery_requests_user_id_is_open_key" ON "recovery_requests"("user_id", "is_open");

-- CreateIndex
CREATE UNIQUE INDEX "fresh_starts_cancel_hash_key" ON "fresh_starts"("cancel_hash");

-- CreateIndex
CREATE INDEX "fresh_starts_available_at_idx" ON "fresh_starts"("available_at");

-- CreateIndex
CREATE INDEX "former_keys_user_id_given_up_at_idx" ON "former_keys"("user_id", "given_up_at");

-- CreateIndex
CREATE INDEX "former_keys_remove_at_idx" ON "former_keys"("remove_at");

-- CreateIndex
CREATE UNIQUE INDEX "key_slots_user_id_pair_key" ON "key_slots"("user_id", "pair");

-- AddForeignKey
ALTER TABLE "security_questions" ADD CONSTRAINT "security_questions_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "recovery_requests" ADD CONSTRAINT "recovery_requests_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "fresh_starts" ADD CONSTRAINT "fresh_starts_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "former_keys" ADD CONSTRAINT "former_keys_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;
