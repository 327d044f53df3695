/** The whole screen: state in, keys out. */
import { useEffect, useMemo, useSyncExternalStore } from 'react'
import { Box, Text, useInput, usePaste, useWindowSize, type Key } from 'ink'
import type { Controller } from './controller.ts'
import { commandOf, type KeyPress } from './state/keys.ts'
import { currentConversation, type State } from './state/state.ts'
import type { Store } from './store.ts'
import { Help, Header, NoticeBox, noticeLines, Switcher } from './view/chrome.tsx'
import { ComposerBox, PROMPT } from './view/composer.tsx'
import { composerRows } from './view/composer-rows.ts'
import { COLUMNS_MIN, geometry, type Geometry, ROWS_MIN } from './view/geometry.ts'
import { Members } from './view/members.tsx'
import { MessagePane } from './view/message-pane.tsx'
import { messageRows, type Row } from './view/rows.ts'
import { Sidebar } from './view/sidebar.tsx'
import { Colour } from './view/tone.tsx'

export interface AppProps {
  readonly store: Store
  readonly controller: Controller
  readonly colour: boolean
  /** Instead of the window's, for tests. */
  readonly size?: { readonly columns: number; readonly rows: number }
}

/** Ink's key as ours. */
export function keyPress(input: string, key: Key): KeyPress {
  return {
    input,
    up: key.upArrow,
    down: key.downArrow,
    left: key.leftArrow,
    right: key.rightArrow,
    pageUp: key.pageUp,
    pageDown: key.pageDown,
    home: key.home,
    end: key.end,
    enter: key.return,
    escape: key.escape,
    tab: key.tab,
    backspace: key.backspace,
    delete: key.delete,
    ctrl: key.ctrl,
    alt: key.meta,
    shift: key.shift
  }
}

/** Fast typing and slow lines bring several keys as one text: an Enter among them is still an Enter. */
export function presses(press: KeyPress): readonly KeyPress[] {
  const { input, enter } = press
  if (enter === true || !input.includes('\r') || input.length < 2) return [press]
  return input
    .split(/(\r)/)
    .filter(part => part !== '')
    .map(part => (part === '\r' ? { input: '', enter: true } : { input: part }))
}

function Body({
  state,
  rows,
  place
}: {
  readonly state: State
  readonly rows: readonly Row[]
  readonly place: Geometry
}) {
  const { sidebar, members, paneWidth, paneHeight, columns } = place
  if (state.mode === 'help') return <Help width={columns} height={paneHeight} />
  if (state.mode === 'switch') return <Switcher state={state} width={columns} height={paneHeight} />
  const gap = <Text>{Array(paneHeight).fill('│').join('\n')}</Text>
  return (
    <Box width={columns} height={paneHeight} flexShrink={0}>
      {sidebar > 0 ? <Sidebar state={state} width={sidebar} height={paneHeight} /> : null}
      {sidebar > 0 ? (
        <Box width={1} flexShrink={0}>
          {gap}
        </Box>
      ) : null}
      <MessagePane state={state} rows={rows} width={paneWidth} height={paneHeight} />
      {members > 0 ? (
        <Box width={1} flexShrink={0}>
          {gap}
        </Box>
      ) : null}
      {members > 0 ? <Members state={state} width={members} height={paneHeight} /> : null}
    </Box>
  )
}

export function App({ store, controller, colour, size }: AppProps) {
  const state = useSyncExternalStore(store.subscribe, store.get)
  const window = useWindowSize()
  const { columns, rows: screenRows } = size ?? window
  const text = useMemo(
    () => composerRows(state.composer.text, state.composer.cursor, Math.max(4, columns - PROMPT.length - 1)),
    [state.composer, columns]
  )
  const notice = noticeLines(state.notice, columns)
  const place = geometry(columns, screenRows, text.rows.length, notice.length)
  const conversation = currentConversation(state)
  const me = state.me?.identity ?? ''
  const rows = useMemo(
    () => messageRows(conversation, me, place.paneWidth),
    [conversation, me, place.paneWidth]
  )

  useEffect(() => void controller.run(), [controller])
  useInput((input, key) => {
    controller.touched()
    for (const press of presses(keyPress(input, key))) {
      const { mode, composer } = store.get()
      const command = commandOf(mode, press, composer.text === '')
      if (command !== undefined) controller.execute(command, { rows: rows.length, height: place.paneHeight })
    }
  })
  usePaste(pasted => {
    controller.touched()
    controller.paste(pasted)
  })

  if (columns < COLUMNS_MIN || screenRows < ROWS_MIN)
    return <Text wrap="truncate">{`XCord needs ${COLUMNS_MIN}×${ROWS_MIN}`}</Text>
  return (
    <Colour value={colour}>
      <Box flexDirection="column" width={columns}>
        <Header state={state} width={columns} />
        <Body state={state} rows={rows} place={place} />
        <ComposerBox state={state} text={text} width={columns} height={place.composerRows} />
        <NoticeBox notice={state.notice} lines={notice} />
      </Box>
    </Colour>
  )
}
