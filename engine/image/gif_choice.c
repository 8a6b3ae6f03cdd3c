/* Which of several allowed indices a pixel gets: the ones with which LZW's matches grow longest. This follows giflib's
 * encoder exactly (greedy parsing, a clear code when code 4095 would be next), so the dictionary here is the one the
 * file will have: the frontier holds all dictionary strings that the pixels so far can spell; when it dies out, the
 * cheapest of its last members is the next match. */
#include "image/gif_priv.h"

#include <string.h>

#include "base/mem.h"

#define MAX_CODE 4095
#define SLOTS 16384
#define FRONTIER 64

struct node { /* one way to spell the match so far */
    uint16_t code;
    uint8_t first; /* its first index */
    uint32_t cost;
};

struct gif_chooser {
    uint32_t key[SLOTS]; /* parent << 8 | index, plus 1; 0: free */
    uint16_t value[SLOTS];
    uint16_t parent[MAX_CODE + 1];
    uint8_t last[MAX_CODE + 1];
    int next, first; /* codes: the next one, and the one after a clear */
    struct node at[2][FRONTIER];
};

limn_status gif_chooser_create(struct gif_chooser **out, limn_error *err)
{
    *out = mem_zalloc(1, sizeof(**out));
    return *out ? LIMN_OK : err_nomem(err, sizeof(**out), "the LZW dictionary");
}

void gif_chooser_destroy(struct gif_chooser **c)
{
    mem_free(*c);
    *c = NULL;
}

static uint32_t slot_of(uint32_t key)
{
    return key * 2654435761u >> 18; /* 14 bits */
}

/* Code of string `code` + index, 0 when there is none (0 is never a child). */
static uint16_t find_child(const struct gif_chooser *c, uint16_t code, uint8_t index)
{
    uint32_t key = ((uint32_t)code << 8 | index) + 1;
    for (uint32_t s = slot_of(key); c->key[s]; s = (s + 1) % SLOTS) {
        if (c->key[s] == key) {
            return c->value[s];
        }
    }
    return 0;
}

static void clear(struct gif_chooser *c)
{
    memset(c->key, 0, sizeof(c->key));
    c->next = c->first;
}

static void add_child(struct gif_chooser *c, uint16_t code, uint8_t index)
{
    uint32_t key = ((uint32_t)code << 8 | index) + 1, s = slot_of(key);
    while (c->key[s]) {
        s = (s + 1) % SLOTS;
    }
    c->key[s] = key;
    c->value[s] = (uint16_t)c->next;
    c->parent[c->next] = code;
    c->last[c->next++] = index;
}

/* The frontier one pixel further; keeps the cheapest FRONTIER members. The string `previous` + first index of this
 * match becomes code c->next as soon as the match begins (previous < 0: not so), so a match may use it. */
static int extend(const struct gif_chooser *c, int previous, const struct node *from, int n,
                  const struct gif_choices *px, struct node *to)
{
    int m = 0;
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < px->n; k++) {
            uint16_t code = find_child(c, from[i].code, px->index[k]);
            if (!code && from[i].code == previous && from[i].first == px->index[k]) {
                code = (uint16_t)c->next;
            }
            if (!code) {
                continue;
            }
            struct node node = {code, from[i].first, from[i].cost + px->cost[k]};
            int at = m < FRONTIER ? m++ : -1;
            for (int j = 0; at < 0 && j < FRONTIER; j++) {
                at = to[j].cost > node.cost ? j : -1;
            }
            if (at >= 0) {
                to[at] = node;
            }
        }
    }
    return m;
}

static struct node cheapest(const struct node *at, int n)
{
    struct node best = at[0];
    for (int i = 1; i < n; i++) {
        best = at[i].cost < best.cost ? at[i] : best;
    }
    return best;
}

/* The longest match at px[0]; its length in *len. */
static struct node match(struct gif_chooser *c, int previous, const struct gif_choices *px, size_t n, size_t *len)
{
    int m = 0, side = 0;
    for (int k = 0; k < px[0].n; k++) {
        c->at[0][m++] = (struct node){px[0].index[k], px[0].index[k], px[0].cost[k]};
    }
    for (*len = 1; *len < n; ++*len) {
        int longer = extend(c, previous, c->at[side], m, &px[*len], c->at[1 - side]);
        if (longer == 0) {
            break;
        }
        side = 1 - side;
        m = longer;
    }
    return cheapest(c->at[side], m);
}

void gif_choose(struct gif_chooser *c, const struct gif_choices *px, size_t n, int bits, uint8_t *index)
{
    c->first = (1 << (bits < 2 ? 2 : bits)) + 2;
    clear(c);
    int previous = -1;
    for (size_t pos = 0, len; pos < n; pos += len) {
        if (c->next >= MAX_CODE) {
            clear(c);
            previous = -1;
        }
        struct node found = match(c, previous, px + pos, n - pos, &len);
        if (previous >= 0) {
            add_child(c, (uint16_t)previous, found.first);
        }
        uint16_t walk = found.code;
        for (size_t i = len; i-- > 1; walk = c->parent[walk]) {
            index[pos + i] = c->last[walk];
        }
        index[pos] = found.first;
        previous = found.code;
    }
}
