/** Completion scripts, from the program itself: a new verb completes without anybody's thinking of it. */
import type { Command } from 'commander'

/** Paths of commands ("server create") with what may follow each. */
export function completionWords(program: Command): Map<string, readonly string[]> {
  const words = new Map<string, readonly string[]>()
  const global = program.options.flatMap(option =>
    option.long === null || option.long === undefined ? [] : [option.long]
  )
  const visit = (command: Command, path: string) => {
    const options = command.options.flatMap(option =>
      option.long === null || option.long === undefined ? [] : [option.long]
    )
    const names = command.commands.map(each => each.name())
    words.set(path, [...new Set([...names, ...options, ...(path === '' ? [] : global), '--help'])])
    for (const each of command.commands) visit(each, path === '' ? each.name() : `${path} ${each.name()}`)
  }
  visit(program, '')
  return words
}

/** For bash: `source <(xcord completion bash)`. */
export function bashCompletion(program: Command): string {
  const cases = [...completionWords(program)].map(
    ([path, words]) => `    "${path}") words="${words.join(' ')}" ;;`
  )
  return `# XCord, for bash: source <(xcord completion bash)
_xcord() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path="" word words index
  for ((index = 1; index < COMP_CWORD; index++)); do
    word="\${COMP_WORDS[index]}"
    case "$word" in -*) continue ;; esac
    if _xcord_words "\${path:+$path }$word" >/dev/null; then path="\${path:+$path }$word"; else break; fi
  done
  words="$(_xcord_words "$path")"
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
_xcord_words() {
  local words
  case "$1" in
${cases.join('\n')}
    *) return 1 ;;
  esac
  printf '%s\\n' "$words"
}
complete -F _xcord xcord
`
}

/** For zsh: its bash emulation reads the same script. */
export function zshCompletion(program: Command): string {
  return `autoload -U +X bashcompinit && bashcompinit\n${bashCompletion(program)}`
}

/** For fish. */
export function fishCompletion(program: Command): string {
  const lines = [...completionWords(program)].flatMap(([path, words]) => {
    const condition =
      path === ''
        ? '__fish_use_subcommand'
        : path
            .split(' ')
            .map(word => `__fish_seen_subcommand_from ${word}`)
            .join('; and ')
    return words.map(
      word =>
        `complete -c xcord -f -n '${condition}' ${word.startsWith('--') ? `-l ${word.slice(2)}` : `-a ${word}`}`
    )
  })
  return `${lines.join('\n')}\n`
}
