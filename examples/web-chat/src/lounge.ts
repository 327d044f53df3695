/** The lounge: who is in it and who speaks, before joining, too; in a call also who cannot hear whom. */
import { type Channel, type Client, connectSound, type VoiceSession } from '@xcord/sdk/browser'

/** What is on the page for it. */
export interface LoungeView {
  readonly people: HTMLElement
  readonly talk: HTMLElement
  readonly mute: HTMLElement
  readonly code: HTMLElement
}

type Person = Channel['voice']['occupants'][number]
type Participant = VoiceSession['participants'][number]

/** What somebody does, and how it stands between them and us. */
function wordsOf(person: Person, pair: Participant | undefined): readonly string[] {
  const own = person.silenced ? ['muted by a moderator'] : person.muted ? ['muted'] : []
  if (person.deafened) own.push('hears nobody')
  if (pair === undefined) return own
  if (pair.path === 'unreachable') return [...own, `no connection (${pair.trouble ?? 'looking for a path'})`]
  if (pair.path !== 'connected') return [...own, 'connecting…']
  return [
    ...own,
    ...(pair.heard === 'no' ? ['you cannot hear them'] : []),
    ...(pair.hears === 'no' ? ['they cannot hear you'] : [])
  ]
}

function lineOf(person: Person, pair: Participant | undefined): HTMLElement {
  const line = document.createElement('li')
  const words = wordsOf(person, pair)
  line.textContent = [person.member.name, ...words].join(' · ')
  line.classList.toggle('speaking', pair?.speaking ?? person.speaking)
  line.classList.toggle('deaf', pair?.heard === 'no' || pair?.hears === 'no')
  return line
}

/** Shows the lounge, and lets one talk in it. */
export function showLounge(
  client: Client,
  channel: Channel,
  view: LoungeView,
  attempt: (run: () => Promise<void>) => Promise<void>
): void {
  let session: VoiceSession | undefined
  const draw = (): void => {
    const pairs = session?.participants ?? []
    const lines = channel.voice.occupants.map(each =>
      lineOf(
        each,
        pairs.find(({ device }) => device === each.device)
      )
    )
    view.people.replaceChildren(...lines)
    view.talk.textContent = session === undefined ? 'Talk' : 'Hang up'
    view.mute.hidden = session === undefined
    view.mute.textContent = session?.muted === true ? 'Unmute' : 'Mute'
    view.code.textContent =
      session === undefined || pairs.length === 0 ? '' : `Code to compare aloud: ${session.code}`
  }
  const enter = async (): Promise<void> => {
    const joined = await channel.voice.join()
    try {
      await connectSound(joined, { microphone: true, speakers: true })
    } catch (error) {
      joined.leave()
      throw error
    }
    session = joined
    for (const event of ['join', 'leave', 'update'] as const) joined.on(event, draw)
    joined.on('ended', () => {
      session = undefined
      draw()
    })
  }
  client.on('voice:update', draw)
  view.talk.onclick = () =>
    void attempt(async () => {
      if (session === undefined) await enter()
      else session.leave()
      draw()
    })
  view.mute.onclick = () => {
    session?.mute(!session.muted)
    draw()
  }
  draw()
}
