package embedded

// schema are the steps that create the tables, see migrate. Times are nanoseconds since 1970, addresses 16 bytes so that
// prefixes are ranges. Table findings is narrow, because queries scan it; documents stand in a table of their own. The
// full-text index holds no text (the documents do) and no positions, which makes it a third of the size.
var schema = [][]string{{
	`CREATE TABLE groups (
		gid      INTEGER PRIMARY KEY,
		key      TEXT NOT NULL UNIQUE,
		rule     TEXT NOT NULL,
		source   TEXT NOT NULL,
		src      BLOB,
		dst      BLOB,
		sev      INTEGER NOT NULL,
		min_sev  INTEGER NOT NULL,
		score    REAL NOT NULL,
		first    INTEGER NOT NULL,
		last     INTEGER NOT NULL,
		min_time INTEGER NOT NULL,
		max_time INTEGER NOT NULL,
		count    INTEGER NOT NULL,
		status   TEXT NOT NULL
	)`,
	`CREATE INDEX groups_worst ON groups (sev DESC, last DESC, key)`,
	`CREATE INDEX groups_newest ON groups (last DESC, key)`,
	`CREATE TABLE findings (
		id    INTEGER PRIMARY KEY,
		fid   TEXT NOT NULL UNIQUE,
		time  INTEGER NOT NULL,
		grp   INTEGER NOT NULL,
		sev   INTEGER NOT NULL,
		score REAL NOT NULL,
		first INTEGER NOT NULL,
		last  INTEGER NOT NULL,
		brand TEXT NOT NULL
	)`,
	`CREATE INDEX findings_time ON findings (time, fid)`,
	`CREATE INDEX findings_group ON findings (grp, time, sev, score, first, last)`,
	`CREATE INDEX findings_brand ON findings (brand, time) WHERE brand <> ''`,
	`CREATE TABLE docs (id INTEGER PRIMARY KEY, doc BLOB NOT NULL)`,
	// Names are stored with their labels reversed (example.com as com.example.), so that a domain with all names below it
	// is a range.
	`CREATE TABLE hosts (name TEXT NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (name, id)) WITHOUT ROWID`,
	`CREATE INDEX hosts_id ON hosts (id)`,
	`CREATE TABLE minutes (grp INTEGER NOT NULL, minute INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (grp, minute)) WITHOUT ROWID`,
	`CREATE TABLE triage (key TEXT PRIMARY KEY, status TEXT NOT NULL, version INTEGER NOT NULL, doc TEXT NOT NULL) WITHOUT ROWID`,
	`CREATE VIRTUAL TABLE words USING fts5(text, content='', contentless_delete=1, detail=none, tokenize='unicode61')`,
}, {
	`CREATE TABLE documents (kind TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, updated INTEGER NOT NULL, tags TEXT NOT NULL,
		body BLOB NOT NULL, PRIMARY KEY (kind, id))`,
	`CREATE TABLE tags (kind TEXT NOT NULL, tag TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (kind, tag, id)) WITHOUT ROWID`,
}, {
	// Values of store.Fields, for findings of older versions too.
	`CREATE TABLE terms (field TEXT NOT NULL, value TEXT NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (field, value, id)) WITHOUT ROWID`,
	`CREATE INDEX terms_id ON terms (id)`,
	`INSERT OR IGNORE INTO terms SELECT field, value, id FROM (
		SELECT 'sha256' AS field, lower(CAST(doc AS TEXT) ->> '$.file.hash.sha256') AS value, id FROM docs
		UNION ALL SELECT 'ja4', CAST(doc AS TEXT) ->> '$.tls.client.ja4', id FROM docs
		UNION ALL SELECT 'campaign', CAST(doc AS TEXT) ->> '$.khien.campaign.id', id FROM docs
		UNION ALL SELECT 'chain', CAST(doc AS TEXT) ->> '$.khien.chain.id', id FROM docs
		UNION ALL SELECT 'sensor', CAST(doc AS TEXT) ->> '$.observer.name', id FROM docs
		UNION ALL SELECT 'technique', t.value, docs.id FROM docs, json_each(CAST(doc AS TEXT), '$.threat.technique.id') t
	) WHERE value <> ''`,
}, {
	`INSERT OR IGNORE INTO terms SELECT 'stage', CAST(doc AS TEXT) ->> '$.khien.fraud.stage', id FROM docs WHERE CAST(doc AS TEXT) ->> '$.khien.fraud.stage' <> ''`,
}}
