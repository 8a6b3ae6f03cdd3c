/* See hostile.h. */
#include "hostile.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *text, *more; /* `more` over and over up to 220 bytes */
} name[HOSTILE_NAMES] = {
    {"\x1b]0;owned\x07", NULL},     /* title */
    {"\x1b[31;5mred", NULL},        /* colours */
    {"\x1b[2J\x1b[H", NULL},        /* an empty screen */
    {"\x1bP1$r0m\x1b\\", NULL},     /* DCS */
    {"\x1b_Gi=1;AAAA\x1b\\", NULL}, /* APC */
    {"\x1b^private\x1b\\", NULL},   /* PM */
    {"\xc2\x9b"
     "31;5mred",
     NULL}, /* CSI as one character */
    {"\xc2\x9d"
     "0;owned\xc2\x9c",
     NULL}, /* OSC likewise */
    {"\x9b"
     "31m\x9d"
     "0;owned\x9c",
     NULL},                                           /* and as one byte */
    {"\xff\xfe\xc0\xaf\x80", NULL},                   /* never UTF-8 */
    {"\xe2\x80\xaegnp.exe", NULL},                    /* turned round */
    {"\xe2\x81\xa6in\xe2\x81\xa9\xe2\x80\x8f", NULL}, /* isolated */
    {"\nline\r\nline", NULL},                         /* more lines */
    {"\ttab\b\b\b\b\b\bback\v\f", NULL},              /* moves */
    {"\x0e\x0f\x05\x11\x13", NULL},                   /* other letters, an answer, flow control */
    {"\x7f\x7f\x7f\x7f", NULL},                       /* delete */
    {"e", "\xcc\x81"},                                /* accents without end */
    {"", "\xe7\x8c\xab"},                             /* wide ones */
    {"\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa\xef\xb8\x8f", NULL}, /* joined */
    {"", "a"},                                                                                          /* long */
    {"\xed\xa0\x80\xf4\x90\x80\x80\xe0\x80\xaf", NULL}, /* no characters, written as such */
    {"\xe7\x8c", NULL},                                 /* cut off */
    {"\xe2\x80\xa8\xe2\x80\xa9\xc2\x85", NULL},         /* line and paragraph separators, next line */
    {"\xf3\xa0\x81\x81\xef\xbb\xbf\xe2\x80\x8b", NULL}, /* not to be seen */
    {"%s%n%d\\x1b[31m$(reboot)`x`\x1b", NULL},          /* for programs */
    {"\x1b[?1049l\x1b[?25h\x1b[?1000l", NULL},          /* modes */
    {"\x1b"
     "c\x1b#8",
     NULL},                                             /* reset, alignment pattern */
    {"\xc2\xad\xd8\x9c\xef\xbf\xbe\xef\xbf\xbf", NULL}, /* soft, turned, no characters */
    {"\x1b]52;c;aGk=\x07\x1b]8;;http:x\x1b\\", NULL},   /* clipboard, link */
};

const char *hostile_name(size_t i)
{
    static char text[240];
    size_t n = (size_t)snprintf(text, sizeof text, "n%02zu%s", i, name[i].text);
    while (name[i].more != NULL && n + strlen(name[i].more) <= 220) {
        n += (size_t)snprintf(text + n, sizeof text - n, "%s", name[i].more);
    }
    return text;
}
