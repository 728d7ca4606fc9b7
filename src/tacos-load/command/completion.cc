#include <fmt/format.h>

#include "tacos-load/command/commands.h"

namespace tacos::load {
namespace {

// What a value may be: the words of "a|b|c", or nothing where it is free.
std::string words_of(const std::string& value) {
  if (value.find('|') == std::string::npos) return {};
  std::string words = value;
  for (char& c : words) c = c == '|' ? ' ' : c;
  return words;
}

bool is_path(const CommandHelp::Option& option) {
  return option.value.starts_with("DIR") || option.value.starts_with("FILE");
}

// Single-quoted for any of the three shells.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

// In zsh's _arguments, these end a description or a message.
std::string for_zsh(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '[' || c == ']' || c == ':' ? std::string("\\") + c : std::string(1, c);
  return quoted(out);
}

std::string bash(const std::vector<CommandHelp>& commands) {
  std::string names, flags, values;
  for (const auto& command : commands) {
    if (!command.name.empty()) names += " " + command.name;
    std::string of_command;
    for (const auto& option : command.options) of_command += " " + option.flag;
    flags += fmt::format("    {}) flags={} ;;\n", command.name.empty() ? "''" : command.name, quoted(of_command));
    for (const auto& option : command.options) {
      if (const auto words = words_of(option.value); !words.empty()) {
        values += fmt::format("    {}/{}) COMPREPLY=($(compgen -W {} -- \"$word\")); return ;;\n", command.name,
                              option.flag, quoted(words));
      }
    }
  }
  return fmt::format(
      "# bash completion for tacos-load, made by `tacos-load completion bash`\n"
      "_tacos_load() {{\n"
      "  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} command='' flags=''\n"
      "  local commands={}\n"
      "  for w in \"${{COMP_WORDS[@]:1:COMP_CWORD-1}}\"; do [[ \" $commands \" == *\" $w \"* ]] && {{ command=$w; "
      "break; "
      "}}; done\n"
      "  case \"$command/$before\" in\n{}  esac\n"
      "  case \"$command\" in\n{}  esac\n"
      "  if [[ $word == -* ]]; then COMPREPLY=($(compgen -W \"$flags\" -- \"$word\"))\n"
      "  elif [[ -z $command && $COMP_CWORD -eq 1 ]]; then COMPREPLY=($(compgen -W \"$commands\" -- \"$word\"))\n"
      "  elif [[ $command == completion ]]; then COMPREPLY=($(compgen -W 'bash zsh fish' -- \"$word\"))\n"
      "  else COMPREPLY=($(compgen -f -- \"$word\")); fi\n"
      "}}\n"
      "complete -o filenames -F _tacos_load tacos-load\n",
      quoted(names + " "), values, flags);
}

std::string zsh(const std::vector<CommandHelp>& commands) {
  std::string names, cases;
  for (const auto& command : commands) {
    if (!command.name.empty()) names += fmt::format("    {}\n", quoted(command.name + ":" + command.summary));
    std::string arguments;
    for (const auto& option : command.options) {
      const auto words = words_of(option.value);
      const std::string action = !words.empty() ? "(" + words + ")" : is_path(option) ? "_files" : "";
      arguments += fmt::format("        {}'['{}']'", option.flag, for_zsh(option.summary));
      if (option.takes_value) arguments += fmt::format("':'{}':{}'", for_zsh(option.value), action);
      arguments += " \\\n";
    }
    cases += fmt::format("    {})\n      _arguments -s \\\n{}        '*:file:_files' ;;\n",
                         command.name.empty() ? "''" : command.name, arguments);
  }
  return fmt::format(
      "#compdef tacos-load\n# zsh completion, made by `tacos-load completion zsh`\n"
      "_tacos_load() {{\n  local -a commands\n  commands=(\n{}  )\n"
      "  local command=''\n  for w in ${{words[2,CURRENT-1]}}; do\n"
      "    [[ -n ${{commands[(r)$w:*]}} ]] && {{ command=$w; break }}\n  done\n"
      "  if [[ -z $command && $CURRENT -eq 2 && $PREFIX != -* ]]; then _describe command commands; return; fi\n"
      "  case $command in\n{}  esac\n}}\n_tacos_load \"$@\"\n",
      names, cases);
}

std::string fish(const std::vector<CommandHelp>& commands) {
  std::string script = "# fish completion for tacos-load, made by `tacos-load completion fish`\n";
  for (const auto& command : commands) {
    std::string when = "__fish_use_subcommand";
    if (!command.name.empty()) {
      script += fmt::format("complete -c tacos-load -n __fish_use_subcommand -f -a {} -d {}\n", command.name,
                            quoted(command.summary));
      when = "'__fish_seen_subcommand_from " + command.name + "'";
    }
    for (const auto& option : command.options) {
      const auto words = words_of(option.value);
      script += fmt::format("complete -c tacos-load -n {} -l {} -d {}{}\n", when, option.flag.substr(2),
                            quoted(option.summary),
                            !words.empty()        ? " -x -a " + quoted(words)
                            : !option.takes_value ? ""
                            : is_path(option)     ? " -r"
                                                  : " -x");
    }
  }
  return script + "complete -c tacos-load -n '__fish_seen_subcommand_from completion' -f -a 'bash zsh fish'\n";
}

}  // namespace

std::string completion_script(const std::string& shell) {
  auto commands = grammar_of_commands();
  // The first is the program itself, whose description is a page long.
  commands.front().summary.clear();
  return shell == "bash" ? bash(commands) : shell == "zsh" ? zsh(commands) : fish(commands);
}

}  // namespace tacos::load
