/* What is wrong with the function of the plugin `functions`, by its head's hidden size. */
#ifndef SOJOURN_TESTS_FUNCTIONS_MODES_H
#define SOJOURN_TESTS_FUNCTIONS_MODES_H
enum {
  kNothingWrong = 1,
  kNoFunction,
  kSmallFunction,
  kNoBackward,
  kForgedInput,
  kTooManyInputs,
  kHugeArray,
  kUnknownArray,
  kNoArray,
  kForgedArray,
  kArrayInCreate,
  kForwardFails,
  kForwardGivesNothing,
  kAppliesWithin,
  kSeesOtherTensors,
  kGivesIntegers,
  kBackwardFails,
  kWrongGradient
};
#endif
