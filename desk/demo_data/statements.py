"""The SQL that makes a stretch of jobs and everything that belongs to them.

Each number that looks drawn is a hash of the seed, the job's number and what it is for: the same seed gives the same
jobs, however many are made at a time. Nothing goes around a trigger or a constraint: transfers are posted as all are.
"""

TABLES = """
SET CONSTRAINTS ALL IMMEDIATE;
CREATE TEMP TABLE demo_pool (
    place int PRIMARY KEY, pool_id bigint, list_price bigint, forecast_id bigint, policy_id bigint, terms jsonb,
    first_slot bigint, now_slot bigint, ahead bigint, slot_seconds int, lanes int, lane_units int
) ON COMMIT DROP;
CREATE TEMP TABLE demo_team (
    place int PRIMARY KEY, organization_id bigint, users bigint[], projects bigint[], wallet bigint, held bigint
) ON COMMIT DROP;
CREATE FUNCTION pg_temp.drawn(seed bigint, n bigint, what bigint, most bigint) RETURNS bigint
    LANGUAGE sql IMMUTABLE AS 'SELECT ((hashint8extended(n, seed * 1000 + what) % most) + most) % most';
CREATE TEMP TABLE demo_job (
    n bigint PRIMARY KEY, id uuid, hold_id uuid, era text, pool_id bigint, organization_id bigint, user_id bigint,
    project_id bigint, wallet bigint, held bigint, units int, length int, slot_seconds int, price bigint, value bigint,
    start_slot bigint, start_at timestamptz, end_at timestamptz, submitted_at timestamptz, state text, reason text,
    used int, finished_at timestamptz, paid bigint, credit bigint, refund bigint, entry bigint,
    forecast_id bigint, policy_id bigint, terms jsonb
) ON COMMIT DROP;
"""

TEAMS = """
INSERT INTO demo_team
SELECT row_number() OVER (ORDER BY o.id) - 1, o.id,
    (SELECT array_agg(user_id ORDER BY id) FROM accounts_membership WHERE organization_id = o.id AND role <> 'viewer'),
    (SELECT array_agg(id ORDER BY id) FROM accounts_project WHERE organization_id = o.id),
    (SELECT id FROM accounts_ledgeraccount WHERE organization_id = o.id AND kind = 'wallet'),
    (SELECT id FROM accounts_ledgeraccount WHERE organization_id = o.id AND kind = 'held')
FROM accounts_organization o WHERE o.id = ANY(%(teams)s);
"""

# Past jobs, then those that run now, then those ahead: each kind fills its stretch of every pool's lanes evenly.
JOBS = """
TRUNCATE demo_job;
INSERT INTO demo_job
WITH numbered AS (
    SELECT n, CASE WHEN n < %(past)s THEN 'past' WHEN n < %(past)s + %(current)s THEN 'now' ELSE 'ahead' END AS era
    FROM generate_series(%(low)s::bigint, %(high)s::bigint - 1) n
), placed AS (
    SELECT d.n, d.era, p.*, m.at / p.lanes AS position,
        CASE d.era WHEN 'past' THEN greatest((p.now_slot - 24 - p.first_slot) / (1 + %(past)s / %(each)s), 1)
            WHEN 'now' THEN 8 ELSE greatest((p.ahead - 40) / (1 + %(coming)s / %(each)s), 1) END AS spacing
    FROM numbered d
    JOIN demo_pool p ON p.place = d.n %% %(pools)s
    CROSS JOIN LATERAL (SELECT (d.n - CASE d.era WHEN 'past' THEN 0 WHEN 'now' THEN %(past)s
        ELSE %(past)s + %(current)s END) / %(pools)s AS at) m
), sized AS (
    SELECT l.*, 1 + pg_temp.drawn(%(seed)s, n, 1, lane_units)::int AS units,
        CASE era WHEN 'now' THEN 8 ELSE 1 + pg_temp.drawn(%(seed)s, n, 2, least(spacing, 24))::int END AS length,
        CASE era WHEN 'past' THEN first_slot + position * spacing WHEN 'now' THEN now_slot - 1
            ELSE now_slot + 16 + position * spacing END AS start_slot,
        pg_temp.drawn(%(seed)s, n, 3, 100) AS fate, pg_temp.drawn(%(seed)s, n, 4, 100) AS luck
    FROM placed l
), told AS (
    SELECT s.*, to_timestamp(start_slot * slot_seconds) AS start_at,
        units * length * list_price * (60 + pg_temp.drawn(%(seed)s, n, 5, 80)) / 100 AS price,
        CASE WHEN era = 'ahead' THEN 'reserved' WHEN era = 'now' THEN 'running' WHEN fate < 12 THEN 'rejected'
            WHEN fate < 70 THEN 'succeeded' WHEN fate < 84 THEN 'failed' WHEN fate < 90 THEN 'timed_out'
            ELSE 'cancelled' END AS state,
        era = 'past' AND (fate BETWEEN 80 AND 83 OR fate >= 95) AS unstarted
    FROM sized s
), ended AS (
    SELECT t.*, CASE WHEN unstarted THEN 0 WHEN state IN ('failed', 'cancelled')
        THEN 1 + pg_temp.drawn(%(seed)s, n, 6, length)::int ELSE length END AS used
    FROM told t
)
SELECT e.n, md5(%(seed)s || 'job' || e.n)::uuid, md5(%(seed)s || 'hold' || e.n)::uuid, era, pool_id,
    g.organization_id, g.users[1 + e.n %% 2],
    CASE WHEN luck < 75 THEN g.projects[1 + luck %% array_length(g.projects, 1)] END, g.wallet, g.held,
    units, length, slot_seconds, CASE WHEN state <> 'rejected' THEN price END,
    CASE WHEN state = 'rejected' THEN price / 2 ELSE price + price * luck / 100 END,
    start_slot, start_at, start_at + length * slot_seconds * interval '1 second',
    least(start_at, %(now)s::timestamptz) - (300 + pg_temp.drawn(%(seed)s, e.n, 7, 170000)) * interval '1 second',
    state,
    CASE WHEN state = 'rejected' THEN (ARRAY['price_above_value', 'price_above_value', 'no_capacity',
            'window_too_short', 'too_many_units'])[1 + luck %% 5]
        WHEN state = 'failed' AND unstarted THEN 'platform' ELSE '' END,
    used,
    CASE WHEN era <> 'past' OR state = 'rejected' THEN NULL
        WHEN unstarted AND state = 'cancelled' THEN start_at - interval '2 minutes'
        WHEN unstarted THEN start_at + interval '5 seconds'
        ELSE start_at + (used * slot_seconds - 20) * interval '1 second' END,
    CASE WHEN era <> 'past' OR state = 'rejected' THEN NULL WHEN unstarted THEN 0
        ELSE price - price * (length - used) / length / 2 END,
    CASE WHEN era = 'past' AND state = 'failed' AND unstarted THEN price / 10 ELSE 0 END,
    0, NULL, forecast_id, policy_id, terms
FROM ended e JOIN demo_team g ON g.place = pg_temp.drawn(%(seed)s, e.n, 8, %(team_count)s);
UPDATE demo_job SET refund = paid / 4 WHERE paid >= 4 AND pg_temp.drawn(%(seed)s, n, 9, 100) = 0;
WITH numbered AS (
    SELECT j.n, p.book_number + row_number() OVER (PARTITION BY j.pool_id ORDER BY j.n) AS entry
    FROM demo_job j JOIN pricing_pool p ON p.id = j.pool_id WHERE j.state <> 'rejected'
)
UPDATE demo_job j SET entry = numbered.entry FROM numbered WHERE numbered.n = j.n;
INSERT INTO jobs_job (id, organization_id, submitted_by_id, pool_id, project_id, submitted_at, name, image, command,
    env, datasets, units, duration, deadline, value, configurations, state, reason, price, alternatives, start_slot,
    end_slot, start_at, end_at, decided_at, book_number, forecast_id, kernel_version, terms, refund_policy_id,
    attempt, staged_at, started_at, finished_at, exit_code, paid, credit, settled_at)
SELECT j.id, organization_id, user_id, pool_id, project_id, submitted_at, 'sample ' || n, 'host', '["true"]',
    '{}', '[]', units, length * slot_seconds, end_at + interval '1 hour', value, '[]', state, reason, price, '[]',
    CASE WHEN price IS NOT NULL THEN start_slot END, CASE WHEN price IS NOT NULL THEN start_slot + length END,
    CASE WHEN price IS NOT NULL THEN start_at END, CASE WHEN price IS NOT NULL THEN end_at END,
    submitted_at, COALESCE(entry - 1, 0), forecast_id, 'sample', terms, policy_id,
    CASE WHEN era <> 'ahead' AND price IS NOT NULL AND used > 0 THEN 1 ELSE 0 END,
    CASE WHEN era <> 'ahead' AND price IS NOT NULL AND used > 0 THEN start_at - interval '5 seconds' END,
    CASE WHEN era <> 'ahead' AND price IS NOT NULL AND used > 0 THEN start_at END, finished_at,
    CASE state WHEN 'succeeded' THEN 0 WHEN 'failed' THEN 1 END, paid, credit, finished_at + interval '10 seconds'
FROM demo_job j ORDER BY n;
"""

BOOK = """
INSERT INTO pricing_bookentry (pool_id, number, kind, start_slot, end_slot, units, capacity, cause, reference, memo, at)
SELECT pool_id, entry, 'reserve', start_slot, start_slot + length, units, 0, '', id, '', submitted_at
FROM demo_job WHERE price IS NOT NULL ORDER BY n;
UPDATE pricing_pool p SET book_number = last.entry
FROM (SELECT pool_id, max(entry) AS entry FROM demo_job GROUP BY pool_id) last
WHERE p.id = last.pool_id AND last.entry IS NOT NULL;
INSERT INTO pricing_bookentry (pool_id, number, kind, start_slot, end_slot, units, capacity, cause, reference, memo, at)
SELECT j.pool_id, p.book_number + row_number() OVER (PARTITION BY j.pool_id ORDER BY j.n), 'release',
    start_slot + used, start_slot + length, -j.units, 0, '', j.id, '', finished_at + interval '10 seconds'
FROM demo_job j JOIN pricing_pool p ON p.id = j.pool_id WHERE finished_at IS NOT NULL AND used < length;
UPDATE pricing_pool p SET book_number = last.number
FROM (SELECT pool_id, max(number) AS number FROM pricing_bookentry
    WHERE reference IN (SELECT id FROM demo_job) GROUP BY pool_id) last
WHERE p.id = last.pool_id;
"""

TRACES = """
INSERT INTO jobs_attempt (organization_id, job_id, number, engine, instance, created_at, started_at, ended_at,
    exit_code, reason, log_size, deleted_at)
SELECT organization_id, id, 1, 'sample', 'era-' || replace(id::text, '-', '') || '-1', start_at, start_at, finished_at,
    CASE state WHEN 'succeeded' THEN 0 WHEN 'failed' THEN 1 END, '', 0, finished_at + interval '20 seconds'
FROM demo_job WHERE price IS NOT NULL AND era <> 'ahead' AND used > 0 ORDER BY n;
INSERT INTO jobs_placement (organization_id, attempt_id, node, seen_at)
SELECT j.organization_id, a.id, p.slug || '-node-' || (1 + (j.n - CASE era WHEN 'past' THEN 0 ELSE %(past)s END)
    / %(pools)s %% %(lanes)s %% %(nodes)s), a.started_at
FROM demo_job j JOIN jobs_attempt a ON a.job_id = j.id JOIN pricing_pool p ON p.id = j.pool_id ORDER BY j.n;
INSERT INTO jobs_sample (organization_id, job_id, attempt, node, at, cpu_seconds, memory_bytes, gpu_percent,
    gpu_memory_bytes)
SELECT j.organization_id, j.id, 1, place.node, moment,
    extract(epoch FROM moment - j.start_at) * j.units * p.unit_cpus * busy / 100,
    p.unit_memory_mib * 1048576::bigint * j.units * busy / 100,
    CASE WHEN p.unit_gpus > 0 THEN busy END,
    CASE WHEN p.unit_gpus > 0 THEN 1073741824::bigint * j.units * p.unit_gpus END
FROM demo_job j JOIN pricing_pool p ON p.id = j.pool_id JOIN jobs_attempt a ON a.job_id = j.id
JOIN jobs_placement place ON place.attempt_id = a.id
CROSS JOIN LATERAL (SELECT 30 + pg_temp.drawn(%(seed)s, j.n, 10, 65) AS busy) its
CROSS JOIN LATERAL generate_series(j.start_at, least(j.finished_at, %(now)s::timestamptz), interval '4 minutes') moment
WHERE j.start_at > %(now)s::timestamptz - interval '8 days' ORDER BY moment;
INSERT INTO jobs_jobevent (organization_id, job_id, kind, state, detail, request_id, at)
SELECT j.organization_id, j.id, happened.kind, happened.state, happened.detail, '', happened.at
FROM demo_job j CROSS JOIN LATERAL (VALUES
    (1, 'state', CASE j.state WHEN 'rejected' THEN 'rejected' ELSE 'reserved' END,
        jsonb_build_object('reason', CASE j.state WHEN 'rejected' THEN j.reason ELSE '' END, 'actor', j.user_id),
        j.submitted_at),
    (2, 'state', 'starting', '{"from": "reserved", "attempt": 1}',
        CASE WHEN j.price IS NOT NULL AND j.era <> 'ahead' AND j.used > 0 THEN j.start_at END),
    (3, 'state', 'running', '{"from": "starting"}',
        CASE WHEN j.price IS NOT NULL AND j.era <> 'ahead' AND j.used > 0 THEN j.start_at END),
    (4, 'state', j.state, jsonb_build_object('from', CASE WHEN j.used > 0 THEN 'running' ELSE 'reserved' END),
        j.finished_at),
    (5, 'settled', '', '{}', j.finished_at + interval '10 seconds')
) happened (place, kind, state, detail, at)
WHERE happened.at IS NOT NULL ORDER BY j.n, happened.place;
"""

MONEY = """
INSERT INTO accounts_transfer (organization_id, kind, source_id, target_id, amount, memo, created_at)
SELECT organization_id, 'top_up', %(funding)s, wallet, sum(price) + 1000000, 'Sample', min(submitted_at)
FROM demo_job WHERE price IS NOT NULL GROUP BY organization_id, wallet ORDER BY organization_id;
INSERT INTO accounts_hold (id, organization_id, amount, captured, released, reference, created_at)
SELECT hold_id, organization_id, price, 0, 0, id, submitted_at FROM demo_job WHERE price IS NOT NULL ORDER BY n;
INSERT INTO accounts_transfer
    (organization_id, kind, source_id, target_id, amount, hold_id, reference, memo, actor_id, created_at)
SELECT j.organization_id, way.kind, way.source, way.target, way.amount,
    CASE WHEN way.place <= 3 THEN j.hold_id END, j.id, way.memo, CASE WHEN way.place = 1 THEN j.user_id END, way.at
FROM demo_job j CROSS JOIN LATERAL (VALUES
    (1, 'hold', j.wallet, j.held, j.price, '', j.submitted_at),
    (2, 'capture', j.held, %(revenue)s, j.paid, '', j.finished_at + interval '10 seconds'),
    (3, 'release', j.held, j.wallet, j.price - j.paid, '', j.finished_at + interval '10 seconds'),
    (4, 'credit', %(funding)s, j.wallet, j.credit, '', j.finished_at + interval '10 seconds'),
    (5, 'refund', %(revenue)s, j.wallet, j.refund, 'Goodwill', j.finished_at + interval '1 minute')
) way (place, kind, source, target, amount, memo, at)
WHERE way.amount > 0 ORDER BY j.n, way.place;
INSERT INTO accounts_monthlyspend (organization_id, month, project_id, user_id, amount)
SELECT organization_id, month, project_id, user_id, sum(spent) FROM (
    SELECT j.organization_id, of.project_id, of.user_id, COALESCE(paid, price) - refund AS spent,
        (extract(year FROM start_at AT TIME ZONE 'UTC') * 100 + extract(month FROM start_at AT TIME ZONE 'UTC'))::int
            AS month
    FROM demo_job j CROSS JOIN LATERAL (VALUES (j.project_id, NULL::bigint), (NULL, j.user_id)) of (project_id, user_id)
    WHERE price IS NOT NULL AND COALESCE(of.project_id, of.user_id) IS NOT NULL
) one GROUP BY organization_id, month, project_id, user_id
ON CONFLICT (organization_id, month, project_id, user_id)
DO UPDATE SET amount = accounts_monthlyspend.amount + EXCLUDED.amount;
"""

# Payments in and back out again, until there are as many transfers as were asked for; wallets are as before.
PAYMENTS = """
INSERT INTO accounts_transfer (organization_id, kind, source_id, target_id, amount, memo, created_at)
SELECT g.organization_id, way.kind, CASE way.place WHEN 1 THEN %(funding)s ELSE g.wallet END,
    CASE way.place WHEN 1 THEN g.wallet ELSE %(funding)s END, 1000000, 'Sample payment', way.at
FROM generate_series(0, %(pairs)s - 1) k
JOIN demo_team g ON g.place = k %% %(team_count)s
CROSS JOIN (SELECT min(submitted_at) AS first, least(max(submitted_at), %(now)s) - min(submitted_at) AS span
    FROM demo_job) stretch
CROSS JOIN LATERAL (VALUES (1, 'top_up', first + span * (k / %(pairs)s::float)),
    (2, 'withdrawal', first + span * (k / %(pairs)s::float) + interval '1 second')) way (place, kind, at)
ORDER BY k, way.place;
"""
