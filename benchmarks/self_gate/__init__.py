"""The project's own gate on itself: two revisions of the generator, run in turns, and compared by
`compare`'s own rule. What is judged is what a request costs the generator, and what it adds."""
