// Kind words only, each short enough for two of them and a number to make a good host name.

export const adjectives = `
  amber balmy bashful brave breezy bright bubbly calm candid cheery chirpy cloudy clever comfy cosy crisp cuddly curious
  dainty dapper dewy dozy dreamy eager fancy fluffy fond frosty fuzzy gentle giddy glad gleaming golden happy hazy honest
  humble jaunty jolly keen kind lively lucky lunar mellow merry mild minty misty modest mossy neat nimble peachy perky
  plucky plush polite quick quiet quirky rosy silky sleepy snug soft solar sparkly spry starry sunny sweet tender tidy
  tiny toasty tranquil velvet warm wavy whimsy willing witty woolly zesty
`
  .trim()
  .split(/\s+/);

export const nouns = `
  acorn alpaca badger beaver biscuit blossom bunny button candle cashew chestnut chipmunk clover cocoa comet cookie crane
  cricket cupcake daisy dolphin donut duckling dumpling ember fawn feather fern ferret finch firefly fox gecko hamster
  hazel hedgehog heron honey ibis jasmine kettle kitten koala lantern lemur lily llama lotus lynx macaron magpie mango
  maple marmot meadow mitten mochi muffin narwhal noodle nutmeg octopus orchid otter owl panda pancake peach pebble
  penguin petal pillow pixie plum poppy puffin pumpkin puppy quail quokka rabbit raccoon robin scone seal sparrow squirrel
  starling teacup teapot toffee truffle tulip turtle waffle walrus willow wombat yak
`
  .trim()
  .split(/\s+/);
