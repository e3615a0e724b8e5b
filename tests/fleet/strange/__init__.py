"""An app whose migrations do what others' do: each folder of `cases` is a history of its own."""
