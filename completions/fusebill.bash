# Completions of fusebill for bash 3.2 and later. bash-completion is not needed.
#
# For one user:   mkdir -p ~/.local/share/bash-completion/completions
#                 fusebill completions bash > ~/.local/share/bash-completion/completions/fusebill
# without it:     echo 'source <(fusebill completions bash)' >> ~/.bashrc
#
# What can stand where is asked of fusebill itself, so this file never gets old.

_fusebill() {
    local line=${COMP_LINE:0:COMP_POINT} word='' words=() piece candidate files='' i
    # Bash breaks words at = and : too. Where no space stands between two of them, they are one.
    for ((i = 0; i <= COMP_CWORD; i++)); do
        piece=${COMP_WORDS[i]}
        if [[ $line == [[:space:]]* ]]; then
            words+=("${word//[\'\"\\]/}")
            word=''
            line=${line#"${line%%[![:space:]]*}"}
        fi
        ((i < COMP_CWORD)) || piece=$line
        word+=$piece
        line=${line#"$piece"}
    done
    # What is completed, without the quotes around it; of that, bash puts in the place of $2 only.
    word=${word//[\'\"\\]/}
    local before=${word%"$2"}

    COMPREPLY=()
    while IFS='' read -r candidate; do
        if [[ $candidate == $'\t' ]]; then
            files=yes
        else
            COMPREPLY+=("${candidate#"$before"}")
        fi
    done < <(COMPLETE=bash command fusebill -- "${words[@]}" "$word" 2>/dev/null)

    if [[ -n $files ]]; then
        # The names of files are bash's own business. Before version 4 it is not told so while it completes.
        compopt -o default 2>/dev/null ||
            while IFS='' read -r candidate; do COMPREPLY+=("$candidate"); done < <(compgen -f -- "$2")
    elif [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=:] ]]; then
        compopt -o nospace 2>/dev/null
    fi
}

# Bash 4.4 keeps the order, in which the latest change comes first.
complete -o nosort -F _fusebill fusebill 2>/dev/null || complete -F _fusebill fusebill
