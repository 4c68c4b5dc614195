/* Prints what a plugin says of itself as JSON: the sidecar that lets a host list tasks without
 * loading them.
 *
 *   describe PLUGIN.so > PLUGIN.json */
#include <sojourn/task_abi.h>

#include <dlfcn.h>
#include <stdio.h>

typedef const sojourn_plugin* (*entry_function)(void);

static void print_string(const char* s) {
  putchar('"');
  for (; *s != '\0'; ++s) {
    const unsigned char c = (unsigned char)*s;
    if (c < 0x20) {
      printf("\\u%04x", c);
    } else {
      if (c == '"' || c == '\\') putchar('\\');
      putchar(c);
    }
  }
  putchar('"');
}

static void print_plugin(const sojourn_plugin* plugin) {
  fputs("{\"id\":", stdout);
  print_string(plugin->id);
  fputs(",\"version\":", stdout);
  print_string(plugin->version);
  fputs(",\"licence\":", stdout);
  print_string(plugin->licence);
  printf(",\"abi\":{\"major\":%u,\"built\":%u,\"needed\":%u},\"tasks\":[", plugin->abi_major,
         plugin->abi_built, plugin->abi_needed);
  for (uint64_t i = 0; i < plugin->n_tasks; ++i) {
    const sojourn_str manifest = plugin->tasks[i]->manifest;
    fputs(i == 0 ? "\n" : ",\n", stdout);
    fwrite(manifest.p, 1, (size_t)manifest.n, stdout);
  }
  puts("]}");
}

int main(int argc, char** argv) {
  union {
    void* symbol;
    entry_function call;
  } entry;
  const sojourn_plugin* plugin;
  void* library;
  if (argc != 2) {
    fputs("usage: describe PLUGIN.so\n", stderr);
    return 2;
  }
  library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  entry.symbol = dlsym(library, "sojourn_plugin_entry_v1");
  plugin = entry.symbol == NULL ? NULL : entry.call();
  if (plugin == NULL) {
    fprintf(stderr, "%s: no sojourn_plugin_entry_v1, or it returns nothing\n", argv[1]);
    return 1;
  }
  print_plugin(plugin);
  return fflush(stdout) == 0 ? 0 : 1;
}
