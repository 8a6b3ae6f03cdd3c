# devices and doctor, with and without a driver.
. "$(dirname "$0")/lib.sh"

run devices; code 0; prints "NAME"; prints "usable"; silent
run devices --json; code 0; json schema 1; json command devices; json devices/0/usable; json devices/0/uuid
run doctor; check [ "$code" -eq 0 -o "$code" -eq 5 ]; prints "ok"
run doctor --json; json schema 1; json findings/0/level; json healthy
run doctor --terminal; code 0; prints "was not asked"; prints "pictures: characters"
run doctor --terminal --json; code 0; json schema 1; json findings/0/level; json healthy

export VK_ICD_FILENAMES=/nonexistent VK_DRIVER_FILES=/nonexistent
run devices; code 5; one_line; nothing
run doctor; code 5; prints "problem"
"$FIXTURE" image p.png 40 40 1
run classify recipe:lenet p.png; code 5; one_line; nothing
run explain recipe:lenet p.png; code 5; one_line; nothing; absent p.gradcam.png
run bench recipe:lenet; code 5; one_line
run inspect recipe:lenet; code 0; prints "conv1"
run models; code 0
run classify recipe:lenet p.png --device reference; code 0; prints "%"
finish
