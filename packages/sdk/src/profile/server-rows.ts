/** Servers to come back to, as rows of the key store: written once, by recovery or linking. */
import type { ServerId } from '@xcord/core'
import { fromUtf8, utf8 } from '@xcord/core/encoding'
import type { BackupServer, KeyStoreContents } from '@xcord/core/identity'

const PREFIX = 'servers-'
/** A row holds 16 KiB. */
const SERVERS_BY_ROW = 24
const ROWS_MAX = 40
const ADDRESSES_MAX = 4

type Rows = KeyStoreContents['extensions']

/** What the rows say; one that does not read says nothing. */
export function readServers(rows: Rows): readonly BackupServer[] {
  return rows
    .filter(([key]) => key.startsWith(PREFIX))
    .flatMap(([, value]) => {
      try {
        return (JSON.parse(fromUtf8(value) ?? '') as [string, string[]][]).map(([server, addresses]) => ({
          server: server as ServerId,
          addresses
        }))
      } catch {
        return []
      }
    })
}

/** As rows; servers beyond what fits are told by own devices and links. */
export function serverRows(servers: readonly BackupServer[]): Rows {
  const rows: (readonly [string, Uint8Array])[] = []
  for (let at = 0; at < servers.length && rows.length < ROWS_MAX; at += SERVERS_BY_ROW) {
    const part = servers
      .slice(at, at + SERVERS_BY_ROW)
      .map(({ server, addresses }) => [server, addresses.slice(0, ADDRESSES_MAX)])
    rows.push([`${PREFIX}${String(rows.length).padStart(2, '0')}`, utf8(JSON.stringify(part))])
  }
  return rows
}
