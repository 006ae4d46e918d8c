import { render } from 'preact'
import { App } from './app.tsx'
import { holdTokenInAddress } from './token-in-address.ts'

const place = document.querySelector('#app')
if (!place) throw new Error('The page has no #app.')
holdTokenInAddress()
render(<App />, place)
