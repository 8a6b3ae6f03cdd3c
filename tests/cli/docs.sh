# --help, the man page and the completion say the same, and the completion works.
. "$(dirname "$0")/lib.sh"
man=$BUILD/docs/limn.1 completion=$BUILD/docs/limn.bash
exists "$man"
exists "$completion"
check bash -n "$completion"
plain=$work/man.txt
sed 's/\\-/-/g; s/\\f[BIR]//g' "$man" >"$plain"

commands=$("$LIMN" --help | awk '/^  [a-z]/ { print $1 }')
check [ "$(echo "$commands" | wc -l)" -ge 9 ]
for c in $commands; do
    last="docs of $c"
    check grep -q "^.SS limn $c " "$plain"
    section=$(awk -v c="$c" '/^\.SS/ { on = ($3 == c) } on' "$plain")
    list=$(sed -n "s/^ *$c) options='\(.*\)' ;;/ \1 /p" "$completion")
    run help "$c"; code 0; silent
    for o in $(grep -oE '^  (-., |    )--[a-z-]+' "$out" | grep -oE -- '--[a-z-]+'); do
        last="docs of $c $o"
        check test "$o" = --help -o "${section#*"$o"}" != "$section"
        check test "${list#*" $o "}" != "$list"
    done
    for o in $list; do # and no option in the completion that the help does not have
        last="docs of $c $o"
        check grep -qE -- "--${o#--}( |$)" "$out"
    done
done

. "$completion"
COMP_WORDS=(limn ex) COMP_CWORD=1; _limn
last="completion of ex"; check [ "${COMPREPLY[*]}" = explain ]
COMP_WORDS=(limn explain m p.png --method gradc) COMP_CWORD=5; _limn
last="completion of --method gradc"; check test "${COMPREPLY[*]#gradcam}" != "${COMPREPLY[*]}"
COMP_WORDS=(limn devices --js) COMP_CWORD=2; _limn
last="completion of --js"; check [ "${COMPREPLY[*]}" = --json ]
finish
