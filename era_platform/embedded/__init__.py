"""Everything on one machine under one supervisor: PostgreSQL, Valkey, web, worker, beat, collector."""
