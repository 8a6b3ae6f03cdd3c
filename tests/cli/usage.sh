# Everything that is wrong with a command line before a file is read: exit 2, one line, a suggestion where one is near.
. "$(dirname "$0")/lib.sh"

run; code 2; says "Usage: limn COMMAND"; nothing
run --help; code 0; prints "classify"; silent
run --version; code 0; prints "limn "; silent
run help; code 0; prints "explain"
run help nonsense; code 2; one_line
run devces; code 2; one_line; says "did you mean devices?"
run frobnicate; code 2; one_line; says "unknown command"
run devices --jsn; code 2; one_line; says "did you mean --json?"
run devices --json=1; code 2; one_line; says "takes no value"
run devices -z; code 2; one_line
run devices extra; code 2; one_line; says "too many operands"
run explain; code 2; one_line; says "MODEL IMAGE..."
run explain m; code 2; one_line
run explain m i --method gradcm; code 2; one_line; says "did you mean gradcam?"
run explain m i --method gradcam,qqqqqqqq; code 2; one_line; says "expected one of"
run explain m i --method ,; code 2; one_line
run explain m i --method; code 2; one_line; says "needs a value"
run explain m i --view overlya; code 2; one_line; says "did you mean overlay?"
run explain m i --view none; code 2; one_line
run explain m i --colormap jett; code 2; one_line; says "did you mean jet?"
run explain m i --opacity 2; code 2; one_line
run explain m i --opacity nan; code 2; one_line
run explain m i --batch 0; code 2; one_line
run explain m i --batch 1.5; code 2; one_line
run explain m i --batch x; code 2; one_line
run explain m i --blur -1; code 2; one_line
run explain m i --max-memory 3Q; code 2; one_line
run explain m i --max-memory -1; code 2; one_line
run explain m i --size 0; code 2; one_line
run explain m i --size 3x; code 2; one_line
run explain m i --mean 1,b; code 2; one_line
run explain m i --mean 1,2,3,4,5; code 2; one_line
run explain recipe:lenet i --mean 1,2; code 2; one_line; says "expected 1"
run explain recipe:lenet i --mean 0 --std 1,2; code 2; one_line; says "--std: 2 numbers"
run explain m i --labels ""; code 2; one_line
run compare m a b; code 2; one_line; says "too many operands"
run bench m --runs 0; code 2; one_line
run classify m i --top 0; code 2; one_line

# text from the command line cannot drive the terminal
run "$(printf 'a\033]0;x\007b')"; code 2; one_line
check [ "$(tr -d '[:print:]\n' <"$err" | wc -c)" -eq 0 ]

# closed and full standard streams
"$LIMN" help >&- 2>"$err"; code=$? last="help >&-"; code 4; one_line
"$LIMN" help >/dev/full 2>"$err"; code=$? last="help >/dev/full"; code 4; one_line
"$LIMN" devces 2>&-; code=$? last="devces 2>&-"; code 2
"$LIMN" help 2>"$err" | true; code=${PIPESTATUS[0]} last="help | true"; check [ "$code" -eq 0 -o "$code" -eq 141 ]; silent
finish
