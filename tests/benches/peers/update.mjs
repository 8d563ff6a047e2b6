// Changes the first name of a customer: update.mjs BASE_URL KEY ID NAME

const [base, key, id, name] = process.argv.slice(2)
const headers = { Authorization: `Basic ${key}`, 'Content-Type': 'application/json' }

async function ask(address, options) {
  const answer = await fetch(address, { headers, ...options })
  if (!answer.ok) throw new Error(`${answer.status} from ${address}`)
  return answer.json()
}

const customer = await ask(`${base}/customers/${id}`)
customer.firstName = name
await ask(`${base}/customers`, { method: 'PUT', body: JSON.stringify(customer) })
