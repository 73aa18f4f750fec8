"""The language of the catalog: YAML text → checked values → compiled conditions.

`source` turns YAML into nodes that know their line, `grid` and `cells` do so with spreadsheets;
`reading` takes typed values from nodes and collects every problem. `operators`, `patterns` and
`conditions` say what may be asked, `names` what may be named, `read_conditions` reads it. `rows`
makes tests of conditions, `cases` finds those that can never be true, `wording` fills in texts.
No statement of the language runs code, and each one ends.
"""
