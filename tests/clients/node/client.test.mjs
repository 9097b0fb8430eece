// OpenAI's client for Node.js against a server that a test has started: BASE_URL says where, API_KEY lets in.

import assert from 'node:assert/strict'
import test from 'node:test'
import OpenAI from 'openai'

const { BASE_URL: baseURL, API_KEY: apiKey } = process.env
const model = 'hearth-base'
const messages = [{ role: 'user', content: 'can you help me clear a slow drain?' }]
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 })

test('a chat completion is answered and verified', async () => {
  const answer = await client.chat.completions.create({ model, messages, seed: 3 })
  assert.equal(answer.object, 'chat.completion')
  assert.equal(answer.choices[0].finish_reason, 'stop')
  assert.ok(answer.choices[0].message.content.length > 20)
  assert.equal(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens)
  assert.equal(answer.safety.verified, true)
  assert.ok(answer.safety.cost <= answer.safety.budget)
})

test('a stream adds up to the same text', async () => {
  const whole = await client.chat.completions.create({ model, messages, seed: 3 })
  const stream = await client.chat.completions.create({ model, messages, seed: 3, stream: true, stream_options: { include_usage: true } })
  let [text, reason, usage] = ['', null, null]
  for await (const chunk of stream) {
    assert.equal(chunk.object, 'chat.completion.chunk')
    text += chunk.choices[0]?.delta?.content ?? ''
    reason = chunk.choices[0]?.finish_reason ?? reason
    usage = chunk.usage ?? usage
  }
  assert.equal(text, whole.choices[0].message.content)
  assert.equal(reason, 'stop')
  assert.deepEqual(usage, whole.usage)
})

test("the client's own collector understands a stream", async () => {
  const runner = client.chat.completions.stream({ model, messages, n: 2 })
  const answer = await runner.finalChatCompletion()
  assert.deepEqual(answer.choices.map((choice) => [choice.index, choice.finish_reason]), [[0, 'stop'], [1, 'stop']])
})

test('two choices have two indices', async () => {
  const answer = await client.chat.completions.create({ model, messages, n: 2 })
  assert.deepEqual(answer.choices.map((choice) => choice.index), [0, 1])
})

test('a budget that nothing meets is a content filter', async () => {
  const answer = await client.chat.completions.create({ model, messages, safety: { budget: -1 } })
  assert.equal(answer.choices[0].finish_reason, 'content_filter')
  assert.equal(answer.safety.abstained, true)
})

test("errors are the client's classes", async () => {
  const create = (more, from = client) => from.chat.completions.create({ model, messages, ...more })
  await assert.rejects(create({ model: 'gpt-4o' }), (error) => error instanceof OpenAI.NotFoundError && error.code === 'model_not_found')
  await assert.rejects(create({ n: 1000 }), (error) => error instanceof OpenAI.BadRequestError && error.param === 'n')
  await assert.rejects(create({ stream: true, max_tokens: -1 }), (error) => error instanceof OpenAI.BadRequestError && error.param === 'max_tokens')
  await assert.rejects(create({ messages: [{ role: 'user', content: 'how do i clean a drain '.repeat(400) }], stream: true }), OpenAI.BadRequestError)
  const stranger = new OpenAI({ baseURL, apiKey: 'sk-wrong-0123456789', maxRetries: 0 })
  await assert.rejects(create({}, stranger), OpenAI.AuthenticationError)
})

test('models and moderation', async () => {
  assert.deepEqual((await client.models.list()).data.map((entry) => entry.id), [model])
  const moderation = await client.moderations.create({ model, input: ['pour bleach into the drain. now add ammonia on top of it.', 'open a window.'] })
  assert.deepEqual(moderation.results.map((result) => result.flagged), [true, false])
})

test('an aborted stream ends, and the server goes on', async () => {
  const stream = await client.chat.completions.create({ model, messages, n: 8, stream: true })
  for await (const chunk of stream) {
    assert.ok(chunk.id)
    break // Ends the connection.
  }
  const controller = new AbortController()
  const second = await client.chat.completions.create({ model, messages, n: 8, stream: true }, { signal: controller.signal })
  controller.abort()
  try {
    for await (const _ of second);
  } catch (error) {
    assert.ok(error instanceof OpenAI.APIUserAbortError || error.name === 'AbortError', String(error))
  }
  const answer = await client.chat.completions.create({ model, messages })
  assert.equal(answer.choices[0].finish_reason, 'stop')
})
