"""Transfers are posted once for each statement, not for each row: thousands of them change a balance once.

What is refused stays the same. A row of PostgreSQL that one transaction changes n times costs n² to find again.
"""

from importlib import import_module

from django.db import migrations

BY_ROW = import_module("accounts.migrations.0002_ledger_invariants").POST.split("CREATE UNIQUE INDEX")[0]
NO_MORE_BY_ROW = "DROP FUNCTION era_post_transfer CASCADE"

BY_STATEMENT = """
CREATE FUNCTION era_post_transfers() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrong record;
BEGIN
    SELECT posted.kind, s.kind AS source, t.kind AS target, posted.amount, h.amount AS held,
        (posted.kind, s.kind, t.kind) IN (
            ('top_up', 'funding', 'wallet'), ('hold', 'wallet', 'held'), ('capture', 'held', 'revenue'),
            ('release', 'held', 'wallet'), ('refund', 'revenue', 'wallet')
        ) AS is_a_way,
        COALESCE(s.organization_id, posted.organization_id) = posted.organization_id
            AND COALESCE(t.organization_id, posted.organization_id) = posted.organization_id AS stays,
        COALESCE(h.organization_id, posted.organization_id) = posted.organization_id AS hold_stays
    INTO wrong
    FROM posted
    LEFT JOIN accounts_ledgeraccount s ON s.id = posted.source_id
    LEFT JOIN accounts_ledgeraccount t ON t.id = posted.target_id
    LEFT JOIN accounts_hold h ON h.id = posted.hold_id
    WHERE ((posted.kind, s.kind, t.kind) IN (
            ('top_up', 'funding', 'wallet'), ('hold', 'wallet', 'held'), ('capture', 'held', 'revenue'),
            ('release', 'held', 'wallet'), ('refund', 'revenue', 'wallet')
        )) IS NOT TRUE
        OR COALESCE(s.organization_id, posted.organization_id) <> posted.organization_id
        OR COALESCE(t.organization_id, posted.organization_id) <> posted.organization_id
        OR h.organization_id <> posted.organization_id
        OR (posted.kind = 'hold' AND posted.amount <> h.amount)
    LIMIT 1;
    IF FOUND THEN
        IF wrong.is_a_way IS NOT TRUE THEN
            RAISE EXCEPTION 'a % never moves from % to %', wrong.kind, wrong.source, wrong.target
                USING ERRCODE = 'check_violation';
        ELSIF NOT wrong.stays THEN
            RAISE EXCEPTION 'a transfer stays within one organization' USING ERRCODE = 'check_violation';
        ELSIF NOT wrong.hold_stays THEN
            RAISE EXCEPTION 'a hold stays within one organization' USING ERRCODE = 'check_violation';
        END IF;
        RAISE EXCEPTION 'a hold of % is not filled by %', wrong.held, wrong.amount USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS (SELECT FROM posted WHERE kind IN ('capture', 'release')) THEN
        -- In the order of their ids, here and below, so that two statements never wait for each other.
        PERFORM FROM accounts_hold WHERE id IN (SELECT hold_id FROM posted) ORDER BY id FOR UPDATE;
        UPDATE accounts_hold h SET captured = h.captured + p.captured, released = h.released + p.released
        FROM (
            SELECT hold_id,
                COALESCE(sum(amount) FILTER (WHERE kind = 'capture'), 0) AS captured,
                COALESCE(sum(amount) FILTER (WHERE kind = 'release'), 0) AS released
            FROM posted WHERE kind IN ('capture', 'release') GROUP BY hold_id
        ) p
        WHERE h.id = p.hold_id;
    END IF;
    PERFORM FROM accounts_ledgeraccount
        WHERE id IN (SELECT source_id FROM posted UNION ALL SELECT target_id FROM posted)
        ORDER BY id FOR NO KEY UPDATE;
    UPDATE accounts_ledgeraccount a SET balance = a.balance + moved.amount
    FROM (
        SELECT account, sum(amount)::bigint AS amount FROM (
            SELECT target_id AS account, amount FROM posted UNION ALL SELECT source_id, -amount FROM posted
        ) moves GROUP BY account
    ) moved
    WHERE a.id = moved.account;
    RETURN NULL;
END $$;
CREATE TRIGGER accounts_transfer_post AFTER INSERT ON accounts_transfer
    REFERENCING NEW TABLE AS posted FOR EACH STATEMENT EXECUTE FUNCTION era_post_transfers();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_ledger_invariants")]

    operations = [
        migrations.RunSQL(NO_MORE_BY_ROW, BY_ROW),
        migrations.RunSQL(BY_STATEMENT, "DROP FUNCTION era_post_transfers CASCADE"),
    ]
