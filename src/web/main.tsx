import { render } from 'preact'
import { App } from './app.tsx'
import { watchWaysOut } from './ui/leaving.ts'
import { holdTokenInAddress } from './token-in-address.ts'

const place = document.querySelector('#app')
if (!place) throw new Error('The page has no #app.')
holdTokenInAddress()
watchWaysOut()
render(<App />, place)
