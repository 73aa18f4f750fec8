"""The language of the catalog: YAML text → checked values → compiled conditions.

`source` turns text into nodes that know their line, `reading` takes typed values from nodes and
collects every problem, `operators` and `conditions` say what may be asked, `rows` makes tests of
it, `wording` fills in texts.
No statement of the language runs code, and each one ends.
"""
