/** KS9: the database remembers which key store was the newest, so that an older copy put back is told of. */
import {
  fromBase64url,
  array,
  bytes,
  codec,
  literal,
  toBase64url,
  tuple,
  uint
} from '../../encoding/index.ts'
import { XcordError } from '../../base/index.ts'
import type { Database } from '../../store/index.ts'
import { settingTable } from '../replica/tables.ts'

/** Which writing of a key store is open. */
export interface KeyStoreMark {
  readonly id: Uint8Array
  /** Grows with each write. */
  readonly epoch: number
}

/** An older writing than one that was seen. */
export interface OlderKeyStore {
  readonly epoch: number
  /** The newest that was seen of this file; more than `epoch`, unless another file came after it. */
  readonly seen: number
}

const SETTING = 'key-store-epoch'
/** Key stores of one database, oldest first: a backup that came back made another (ND42). */
const FILES_MAX = 16
const ID_BYTES = 16
const seenCodec = codec(
  tuple({
    version: literal(1),
    files: array(tuple({ id: bytes(ID_BYTES), epoch: uint() }), FILES_MAX)
  }),
  { rule: 'KS9' }
)

/** Watches the epochs of one profile; its calls take turns. */
export class KeyStoreWatch {
  readonly #database: Database
  readonly #mark: () => KeyStoreMark
  #older: OlderKeyStore | undefined
  #turn: Promise<unknown> = Promise.resolve()

  constructor(database: Database, mark: () => KeyStoreMark) {
    this.#database = database
    this.#mark = mark
  }

  /** Set while an older copy is in use and its owner did not say that this is as it should be. */
  get older(): OlderKeyStore | undefined {
    return this.#older
  }

  /**
   * Notes the present epoch, where it is the newest. Resolves once that is on disk.
   *
   * @param isMeant - The owner gave a password just now: this copy is the newest from here on, whatever was seen.
   */
  async note(isMeant = false): Promise<void> {
    const running = this.#turn.then(async () => await this.#note(isMeant))
    this.#turn = running.catch(() => undefined)
    await running
  }

  async #note(isMeant: boolean): Promise<void> {
    const { id, epoch } = this.#mark()
    const files = await this.#seen()
    const name = toBase64url(id)
    const seen = files.get(name)
    const isNewest = [...files.keys()].at(-1) === name
    const wasOlder = this.#older !== undefined
    if (!isMeant && seen !== undefined && (wasOlder || !isNewest || epoch < seen)) {
      // An older copy grows, too, by each writing, and stays an older one until its owner says otherwise.
      const hasCaughtUp = isNewest && epoch >= seen
      this.#older = { epoch, seen: hasCaughtUp ? epoch + 1 : seen }
      if (hasCaughtUp) await this.#keep(files.set(name, epoch + 1))
      return
    }
    this.#older = undefined
    if (isNewest && epoch === seen) return
    files.delete(name)
    files.set(name, epoch)
    await this.#keep(files)
  }

  async #seen(): Promise<Map<string, number>> {
    const row = await this.#database.table(settingTable).get([SETTING])
    const read = row === undefined ? undefined : seenCodec.decode(row.bytes)
    return new Map(read?.ok === true ? read.value.files.map(each => [toBase64url(each.id), each.epoch]) : [])
  }

  async #keep(files: ReadonlyMap<string, number>): Promise<void> {
    const rows = [...files]
      .slice(-FILES_MAX)
      .map(([id, epoch]) => ({ id: fromBase64url(id) as Uint8Array, epoch }))
    const encoded = seenCodec.encode({ version: 1, files: rows })
    await this.#database.batch().put(settingTable, [SETTING], { version: 1, bytes: encoded }).commit()
  }
}

/** What its owner is told. */
export function olderKeyStore({ epoch, seen }: OlderKeyStore): XcordError<'XCORD_KEYSTORE_OLDER'> {
  return new XcordError(
    'XCORD_KEYSTORE_OLDER',
    `An older copy of the key store was put back: its epoch is ${epoch}, and ${seen} was seen here.`,
    { epoch, seen }
  )
}
