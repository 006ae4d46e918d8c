import { find, latchkey, onPress } from './latchkey.ts'

const state = find('#state', HTMLElement)
let kept = ''

onPress(find('#add', HTMLFormElement), async () => {
  const { value } = find('#pin', HTMLInputElement)
  kept = (await latchkey.createRecord({ collection: 'pins', secret: { pin: value } })).id
  state.textContent = 'It is kept.'
})

// Refused for want of a proof after 15 minutes: the dialog asks, and this goes on by itself.
onPress(find('#read', HTMLFormElement), async () => {
  const record = await latchkey.recordWithSecret(kept)
  state.textContent = JSON.stringify(record?.secret)
})

const person = await latchkey.me()
if (!person) location.assign('/sign-in')
state.textContent = `You are signed in as ${person?.email ?? 'nobody'}.`
