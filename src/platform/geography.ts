import { stat } from 'node:fs/promises'
import { open as openMmdb } from 'maxmind'
import type { CityResponse } from 'maxmind'
import type { Log } from './log.ts'
import { reasonOf } from './reason-of.ts'

/** Where an address is, as coarsely as it may be told. */
export type Place = {
  /** 'Berlin, Germany'; the country alone where the city is not known. In English. */
  words: string
  /** The same for a machine: 'DE/Berlin'. */
  key: string
}

/** What the server knows of where addresses are. */
export type Geography = {
  placeOf(ipAddress: string | null): Place | null
  /**
   * Reads the file again where it is another than the one that was read. One that is gone, cannot be used, or is being
   * written leaves what is known as it was. Never throws.
   */
  reread(): Promise<void>
}

/** The file of places cannot be used, and what mends it. */
export class GeographyError extends Error {
  readonly mend = 'Name a MaxMind-format file of cities or countries (.mmdb) in GEOIP_DATABASE, or unset it.'

  constructor(file: string, cause: unknown) {
    super(`GEOIP_DATABASE: ${file} cannot be read: ${reasonOf(cause)}`, { cause })
    this.name = 'GeographyError'
  }
}

/** Without a file there are no places, and alerts speak of networks. */
export const noGeography: Geography = { placeOf: () => null, reread: () => Promise.resolve() }

/**
 * Opens a MaxMind-format file, whole, into memory. Throws a GeographyError for one that cannot be used. An address that
 * is not in it, or whose entry is damaged, has no place; nothing that is asked of it later throws.
 */
export async function openGeography(file: string, log: Pick<Log, 'info' | 'warn'>): Promise<Geography> {
  // Not the library's own watching: there a file that is half written ends the process.
  let looked = await stateOf(file)
  let reader = await openMmdb<CityResponse>(file).catch((error: unknown) => {
    throw new GeographyError(file, error)
  })
  let told = false
  return {
    placeOf(ipAddress) {
      try {
        return ipAddress === null ? null : placeIn(reader.get(ipAddress))
      } catch (error) {
        if (!told) log.warn('places.unreadable', { error })
        told = true
        return null
      }
    },
    async reread() {
      const state = await stateOf(file)
      if (state === looked) return
      looked = state // what cannot be used is told of once, and tried again when it has changed
      try {
        const newer = await openMmdb<CityResponse>(file)
        if ((await stateOf(file)) !== state) {
          looked = null // somebody is writing it: the next look finds it whole
          return
        }
        reader = newer
        told = false
        log.info('places.read-again')
      } catch (error) {
        log.warn('places.not-read-again', { error: new GeographyError(file, error) })
      }
    },
  }
}

/** What changes with each writing of a file and each move of another in its place; null where there is none. */
async function stateOf(file: string): Promise<string | null> {
  const found = await stat(file).catch(() => null)
  return found && [found.dev, found.ino, found.size, found.mtimeMs, found.ctimeMs].join(':')
}

function placeIn(entry: CityResponse | null): Place | null {
  const { country, city } = entry ?? {}
  const nameOfCountry = wordsOf(country?.names.en)
  if (!country || !nameOfCountry) return null
  const nameOfCity = wordsOf(city?.names.en)
  return {
    words: nameOfCity ? `${nameOfCity}, ${nameOfCountry}` : nameOfCountry,
    key: `${country.iso_code}/${nameOfCity}`,
  }
}

// The file is not ours: its names are made fit to stand in a mail.
function wordsOf(name: unknown): string {
  if (typeof name !== 'string') return ''
  const plain = name.replace(/[^\p{L}\p{M}\p{N} ,.'()-]/gu, '').replace(/\.(?=\p{L})/gu, ' ') // no links
  return plain.slice(0, 60).trim()
}
