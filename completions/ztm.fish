complete --keep-order --exclusive --command ztm --arguments "(COMPLETE=fish ztm -- (commandline --current-process --tokenize --cut-at-cursor) (commandline --current-token))"
