#!/bin/sh
# Prints the most frequent words of its arguments, or of its standard input when there are none.
# Environment: TOP, how many words (default 5). Exit codes: 0 done, 1 no word in the text, 2 TOP makes no sense.
set -eu

top=${TOP:-5}
case $top in
  *[!0-9]* | 0*) echo "TOP must be a number of 1 or more, not '$top'" >&2; exit 2 ;;
esac

if [ $# -gt 0 ]; then text=$*; else text=$(cat); fi
words=$(printf '%s\n' "$text" | tr '[:upper:]' '[:lower:]' | tr -cs '[:alnum:]' '\n' | grep .) || {
  echo "no word in the text" >&2
  exit 1
}
echo "$(printf '%s\n' "$words" | wc -l) words"
printf '%s\n' "$words" | sort | uniq -c | sort -k 1,1nr -k 2,2 | head -n "$top"
