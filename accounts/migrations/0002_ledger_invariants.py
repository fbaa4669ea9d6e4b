"""What PostgreSQL enforces of the ledger, whoever asks: balances, directions, holds, and that nothing is rewritten."""

from django.db import migrations

from era_platform.common.append_only import append_only

POST = """
CREATE FUNCTION era_post_transfer() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    source accounts_ledgeraccount%ROWTYPE;
    target accounts_ledgeraccount%ROWTYPE;
    held accounts_hold%ROWTYPE;
BEGIN
    SELECT * INTO source FROM accounts_ledgeraccount WHERE id = NEW.source_id;
    SELECT * INTO target FROM accounts_ledgeraccount WHERE id = NEW.target_id;
    IF NOT (NEW.kind, source.kind, target.kind) IN (
        ('top_up', 'funding', 'wallet'), ('hold', 'wallet', 'held'), ('capture', 'held', 'revenue'),
        ('release', 'held', 'wallet'), ('refund', 'revenue', 'wallet')
    ) THEN
        RAISE EXCEPTION 'a % never moves from % to %', NEW.kind, source.kind, target.kind
            USING ERRCODE = 'check_violation';
    END IF;
    IF COALESCE(source.organization_id, NEW.organization_id) <> NEW.organization_id
        OR COALESCE(target.organization_id, NEW.organization_id) <> NEW.organization_id THEN
        RAISE EXCEPTION 'a transfer stays within one organization' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.hold_id IS NOT NULL THEN
        SELECT * INTO held FROM accounts_hold WHERE id = NEW.hold_id FOR UPDATE;
        IF held.organization_id <> NEW.organization_id THEN
            RAISE EXCEPTION 'a hold stays within one organization' USING ERRCODE = 'check_violation';
        END IF;
        IF NEW.kind = 'hold' AND NEW.amount <> held.amount THEN
            RAISE EXCEPTION 'a hold of % is not filled by %', held.amount, NEW.amount
                USING ERRCODE = 'check_violation';
        ELSIF NEW.kind = 'capture' THEN
            UPDATE accounts_hold SET captured = captured + NEW.amount WHERE id = NEW.hold_id;
        ELSIF NEW.kind = 'release' THEN
            UPDATE accounts_hold SET released = released + NEW.amount WHERE id = NEW.hold_id;
        END IF;
    END IF;
    -- In the order of their ids, so that two transfers never wait for each other.
    IF source.id < target.id THEN
        UPDATE accounts_ledgeraccount SET balance = balance - NEW.amount WHERE id = source.id;
        UPDATE accounts_ledgeraccount SET balance = balance + NEW.amount WHERE id = target.id;
    ELSE
        UPDATE accounts_ledgeraccount SET balance = balance + NEW.amount WHERE id = target.id;
        UPDATE accounts_ledgeraccount SET balance = balance - NEW.amount WHERE id = source.id;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER accounts_transfer_post BEFORE INSERT ON accounts_transfer
    FOR EACH ROW EXECUTE FUNCTION era_post_transfer();
CREATE UNIQUE INDEX transfer_fills_hold_once ON accounts_transfer (hold_id) WHERE kind = 'hold';
"""

GUARD_ACCOUNTS = """
CREATE FUNCTION era_guard_ledger_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'ledger accounts are never removed' USING ERRCODE = 'integrity_constraint_violation';
    ELSIF TG_OP = 'INSERT' THEN
        IF NEW.balance <> 0 THEN
            RAISE EXCEPTION 'a ledger account begins at 0' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    ELSIF (NEW.id, NEW.kind, NEW.organization_id) IS DISTINCT FROM (OLD.id, OLD.kind, OLD.organization_id)
        OR (NEW.balance <> OLD.balance AND pg_trigger_depth() < 2) THEN
        RAISE EXCEPTION 'balances change by transfers only' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER accounts_ledgeraccount_guard BEFORE INSERT OR UPDATE OR DELETE ON accounts_ledgeraccount
    FOR EACH ROW EXECUTE FUNCTION era_guard_ledger_account();
"""

GUARD_HOLDS = """
CREATE FUNCTION era_guard_hold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'holds are never removed' USING ERRCODE = 'integrity_constraint_violation';
    ELSIF TG_OP = 'INSERT' THEN
        IF NEW.captured <> 0 OR NEW.released <> 0 THEN
            RAISE EXCEPTION 'a hold begins whole' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    ELSIF pg_trigger_depth() < 2 OR (NEW.id, NEW.organization_id, NEW.amount, NEW.reference, NEW.created_at)
        IS DISTINCT FROM (OLD.id, OLD.organization_id, OLD.amount, OLD.reference, OLD.created_at) THEN
        RAISE EXCEPTION 'holds change by transfers only' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER accounts_hold_guard BEFORE INSERT OR UPDATE OR DELETE ON accounts_hold
    FOR EACH ROW EXECUTE FUNCTION era_guard_hold();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.RunSQL(GUARD_ACCOUNTS, "DROP FUNCTION era_guard_ledger_account CASCADE"),
        migrations.RunSQL(GUARD_HOLDS, "DROP FUNCTION era_guard_hold CASCADE"),
        migrations.RunSQL(POST, "DROP FUNCTION era_post_transfer CASCADE; DROP INDEX transfer_fills_hold_once"),
        append_only("accounts_transfer"),
        append_only("accounts_auditevent"),
    ]
