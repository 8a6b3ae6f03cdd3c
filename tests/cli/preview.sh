# limn preview: text when there is no terminal, colours on demand, animations, bad files; and within a terminal of its own.
. "$(dirname "$0")/lib.sh"
"$FIXTURE" image p.png 40 40 1
run preview p.png --columns 20 --rows 10; code 0
check [ "$(wc -l <"$out")" = 10 ]
check [ -z "$(tr -d '\n -~' <"$out")" ] # plain text only
run preview p.png --columns 20 --rows 10 --colors true --graphics half; code 0
check grep -q $'\033\[38;2;' "$out"
check grep -q '▀' "$out"
run preview p.png --columns 20 --rows 10 --colors 256 --graphics quadrant; code 0
check grep -q '38;5;' "$out"
check [ -z "$(grep -o '38;2;' "$out")" ]
run preview p.png --columns 7 --rows 100 --graphics ascii; code 0
check [ "$(wc -l <"$out")" = 4 ] # 7 cells wide, 3.5 high
printf 'GIF89a' >bad.gif
run preview bad.gif; code 3; one_line
run preview missing.png; code 3; one_line
run preview p.png bad.gif --rows 3; code 1
run preview p.png --graphics braille; code 2; one_line
LIMN_GRAPHICS=half run preview p.png --columns 20 --rows 10 --colors true; code 0
check grep -q '▀' "$out"
LIMN_GRAPHICS=half run preview p.png --columns 20 --rows 10 --colors true --graphics auto; code 0
check grep -q '▊\|▙\|▂' "$out"
LIMN_GRAPHICS=crt run preview p.png --columns 20; code 2; one_line
run preview p.png --columns 20 --rows 10 --graphics sixel; code 0
check grep -q $'\033P0;1;0q"1;1;200;200' "$out" # 20 x 10 cells of a VT340
run preview p.png --columns 20 --rows 10 --graphics kitty; code 0
check grep -q $'\033_Ga=t,f=100,' "$out"
run preview p.png --columns 20 --rows 10 --colors true; code 0
check [ -z "$(grep -o $'\033[P_]' "$out")" ] # never unasked
TMUX=/tmp/x,1,0 run preview p.png --graphics kitty; code 2; one_line
LC_ALL=C run preview p.png --rows 4 --colors true; code 0
check [ -z "$(LC_ALL=C tr -d '\033\n -~' <"$out")" ] # no UTF-8 where the locale has none
# results: maps over the picture beside them, arrays, what names them
run explain recipe:lenet "$SOURCE/assets/photos/digit7.png" --device reference --class top2 --method gradcam,gradient --maps -o out --json; code 0
cp "$out" r.json
run preview out/digit7.gradcam."$(ls out | sed -n 's/digit7.gradcam.\([0-9]*\).npy/\1/p' | head -1)".npy --columns 20 --rows 10; code 0
check grep -q '^0 to .* score$' "$out"
check [ "$(wc -l <"$out")" = 11 ]
run preview r.json --columns 20 --rows 5; code 0
check [ "$(grep -c '^digit7.png: class, grad' "$out")" = 2 ] # two methods, the most probable class
check [ "$(wc -l <"$out")" = 14 ]

rm out/*.input.png
run preview out/digit7.gradient.[0-9]*.npy --rows 4; code 0
"$FIXTURE" tensor a.npy 2 3 4 5 1
run preview a.npy --rows 4; code 0; check grep -q 'shape *2 × 3 × 4 × 5' "$out"
echo '{"items": []}' >no.json; run preview no.json; code 3; one_line; says "no result of limn explain"
printf '{\n' >no.json; run preview no.json; code 3; one_line; says "line 2"
echo nothing >no.npy; run preview no.npy; code 3; one_line; says no.npy
if command -v script >/dev/null; then
    TERM=xterm-256color script -qec "stty rows 24 cols 80; '$LIMN' preview p.png" typescript >/dev/null </dev/null || bad "in a terminal: exit $?"
    check grep -q '38;5;\|48;5;' typescript
fi
finish
