# Completions of fusebill for fish 3.1 and later.
#
# For one user:   mkdir -p ~/.config/fish/completions
#                 fusebill completions fish > ~/.config/fish/completions/fusebill.fish
# or:             fusebill completions fish | source     in ~/.config/fish/config.fish
#
# What can stand where is asked of fusebill itself, so this file never gets old.

function __fusebill_complete
    set -l word (commandline --current-token --cut-at-cursor | string trim --left --chars '"\'')
    set -l words (commandline --current-process --tokenize --cut-at-cursor)
    for candidate in (COMPLETE=fish command fusebill -- $words "$word" 2>/dev/null)
        if test "$candidate" != \t
            echo -- $candidate
            continue
        end
        # The names of files are fish's own business; they may stand after --flag=.
        set -l flag (string match --regex '^--[^=]*=' -- $word)
        for path in (__fish_complete_path (string replace --regex '^--[^=]*=' '' -- $word))
            echo -- "$flag"$path
        end
    end
end

complete --command fusebill --no-files --keep-order --arguments '(__fusebill_complete)'
