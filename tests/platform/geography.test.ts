import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createApp } from '../../src/app.ts'
import { doctor } from '../../src/doctor.ts'
import { JOBS } from '../../src/features/index.ts'
import { GeographyError, noGeography, openGeography } from '../../src/platform/geography.ts'
import { neighbourhoodOf } from '../../src/platform/http/network.ts'
import { silentLog } from '../../src/platform/log.ts'
import { whyNotStarted } from '../../src/start-faults.ts'
import { cityEntry, mmdbOf } from '../support/mmdb.ts'

let folder: string
let file: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'geography-'))
  file = join(folder, 'cities.mmdb')
  const entries = [
    cityEntry('203.0.113.0/24', 'DE', 'Germany', 'Berlin'),
    cityEntry('198.51.100.0/25', 'FR', 'France'),
    cityEntry('192.0.2.0/24', 'XX', '<b>Evil</b>\nLand', 'https://evil.example'),
    { network: '198.18.0.0/15', data: { continent: 'nowhere' } },
  ]
  await writeFile(file, mmdbOf(entries))
})
afterAll(() => rm(folder, { recursive: true }))

test.each([
  ['203.0.113.7', { words: 'Berlin, Germany', key: 'DE/Berlin' }],
  ['198.51.100.1', { words: 'France', key: 'FR/' }],
  ['198.51.100.200', null],
  ['198.18.0.1', null],
  ['2001:db8::1', null],
  ['::ffff:203.0.113.7', null],
  ['not an address', null],
  ['', null],
  [null, null],
])('the place of %s is %o', async (address, place) => {
  expect((await openGeography(file, silentLog)).placeOf(address)).toEqual(place)
})

test('names from the file are fit to stand in a mail', async () => {
  expect((await openGeography(file, silentLog)).placeOf('192.0.2.1')?.words).toBe('httpsevil example, bEvilbLand')
})

test('without a file nobody is anywhere', () => {
  expect(noGeography.placeOf('203.0.113.7')).toBeNull()
})

test('a file that cannot be used refuses the start with the line that mends it, and the doctor says so', async () => {
  const broken = join(folder, 'broken.mmdb')
  await writeFile(broken, 'this is no such file')
  for (const name of [broken, join(folder, 'missing.mmdb')]) {
    await expect(openGeography(name, silentLog)).rejects.toThrow(GeographyError)
    const env = { DATA_DIR: join(folder, 'data'), LOG_LEVEL: 'silent', GEOIP_DATABASE: name }
    const fault: unknown = await createApp(env).catch((error: unknown) => error)
    expect(whyNotStarted(fault)).toMatch(/GEOIP_DATABASE: .*\n {2}mend: Name a MaxMind-format file/)
    const lines: string[] = []
    expect(await doctor(env, (line) => lines.push(line))).toBe(1)
    expect(lines.join('\n')).toMatch(/✗ GEOIP_DATABASE: .*\n +mend: /)
  }
  const lines: string[] = []
  await doctor({ DATA_DIR: join(folder, 'data'), GEOIP_DATABASE: file }, (line) => lines.push(line))
  expect(lines).toContain(`✓ Places are read from ${file}.`)
})

test('a damaged entry is no place, and is told of once', async () => {
  const damaged = mmdbOf([cityEntry('203.0.113.0/24', 'DE', 'Germany', 'Berlin')])
  damaged.fill(0xff, damaged.indexOf('country') - 2, damaged.indexOf('country') + 4)
  const name = join(folder, 'damaged.mmdb')
  await writeFile(name, damaged)
  const told: string[] = []
  const places = await openGeography(name, { info: () => {}, warn: (event) => told.push(event) })
  expect([places.placeOf('203.0.113.7'), places.placeOf('203.0.113.8')]).toEqual([null, null])
  expect(told).toEqual(['places.unreadable'])
})

describe('a file that changes', () => {
  const [before, after] = ['Berlin', 'Potsdam'].map((city) =>
    mmdbOf([cityEntry('203.0.113.0/24', 'DE', 'Germany', city)]),
  ) as [Buffer, Buffer]

  async function opened() {
    const name = join(await mkdtemp(join(folder, 'changing-')), 'cities.mmdb')
    await writeFile(name, before)
    const told: string[] = []
    const tell = (event: string) => void told.push(event)
    const places = await openGeography(name, { info: tell, warn: tell })
    return { name, told, places, city: () => places.placeOf('203.0.113.7')?.words }
  }

  test.each([
    [
      'another is moved into its place',
      (name: string) => writeFile(`${name}.new`, after).then(() => rename(`${name}.new`, name)),
    ],
    ['it is written anew', (name: string) => writeFile(name, after)],
  ])('is read again when %s, once', async (_how, change) => {
    const { name, told, places, city } = await opened()
    await places.reread()
    expect(city()).toBe('Berlin, Germany')
    await change(name)
    expect(city()).toBe('Berlin, Germany')
    for (let looks = 0; looks < 3; looks++) await places.reread()
    expect(city()).toBe('Potsdam, Germany')
    expect(told).toEqual(['places.read-again'])
  })

  test.each([
    ['half written', (name: string) => writeFile(name, after.subarray(0, after.length / 2))],
    ['empty', (name: string) => writeFile(name, '')],
    ['no such file', (name: string) => writeFile(name, 'this is no such file')],
    ['gone', (name: string) => rm(name)],
  ])('that is %s leaves what is known, is told of once, and is taken up when it is whole', async (_how, spoil) => {
    const { name, told, places, city } = await opened()
    await spoil(name)
    for (let looks = 0; looks < 3; looks++) await places.reread()
    expect(city()).toBe('Berlin, Germany')
    expect(told).toEqual(['places.not-read-again'])
    await writeFile(name, after)
    await places.reread()
    expect(city()).toBe('Potsdam, Germany')
  })

  test('is looked at by a running server', async () => {
    const { name } = await opened()
    const app = await createApp({ DATA_DIR: join(folder, 'running'), LOG_LEVEL: 'silent', GEOIP_DATABASE: name })
    onTestFinished(() => app.close())
    await writeFile(name, after)
    for (const job of JOBS) await job.run(app.services)
    expect(app.services.places.placeOf('203.0.113.7')?.words).toBe('Potsdam, Germany')
  })
})

test.each([
  ['203.0.113.7', '203.0.113.0/24'],
  ['::ffff:203.0.113.7', '203.0.113.0/24'],
  ['2001:db8:1:2:3::4', '2001:db8:1::/48'],
  ['64:ff9b::203.0.113.7', '203.0.113.0/24'],
  ['nonsense', 'unknown'],
  [null, 'unknown'],
])('the neighbourhood of %s is %s', (address, neighbourhood) => {
  expect(neighbourhoodOf(address)).toBe(neighbourhood)
})
