// The losses that draw a word and its translation together: see word_alignment.h.
#pragma once

#include <sojourn/head.h>

#include <limits>
#include <vector>

#pragma GCC visibility push(hidden)
namespace sojourn::sdk {

// Either of two losses on the cosines between a batch's words, with no parameter of its own. A
// negative is the English word of another pair that no pair of the file calls a translation.
//
//   triplet  relu(margin + d(foreign, English) - d(foreign, negative)), d = 1 - cosine, with one
//            negative drawn for each pair; 0 for a pair that has none
//   infonce  cross-entropy of the own word among it and all negatives, the cosines divided by the
//            temperature; the mean of both directions
class WordAlignmentHead : public Head {
 public:
  explicit WordAlignmentHead(const HeadCall& call)
      : triplet_(call.option_text("loss") == "triplet"),
        margin_(call.option_number("margin")),
        temperature_(call.option_number("temperature")),
        select_(call.bind("core1::select(input,dim,index)")),
        normalize_(call.bind("core1::normalize(input)")),
        linear_(call.bind("core1::linear(input,weight)")),
        any_equal_(call.bind("core1::any_equal(input,other)")),
        arange_(call.bind("core1::arange(input)")),
        add_(call.bind("core1::add(input,other)")),
        sub_(call.bind("core1::sub(input,other)")),
        mul_(call.bind("core1::mul(input,other)")),
        multinomial_(call.bind("core1::multinomial(weights)")),
        gather_(call.bind("core1::gather(input,index)")),
        gather_rows_(call.bind("core1::gather_rows(input,target)")),
        relu_(call.bind("core1::relu(input)")),
        sum_(call.bind("core1::sum(input)")),
        masked_fill_(call.bind("core1::masked_fill(input,mask,value)")),
        transpose_(call.bind("core1::transpose(input,dim0,dim1)")),
        cross_entropy_(call.bind("core1::cross_entropy(input,target)")) {}

  // The words are compared in the loss; scores come from the host's search.
  std::vector<Tensor> forward(const StepCall& /*call*/, const Inputs& /*inputs*/) override {
    return {};
  }

  // inputs: inner_mean [B, 2, H], english [B], translations [B, kMostTranslations]
  Tensor loss(const StepCall& call, const Inputs& inputs,
              const std::vector<Tensor>& /*outputs*/) override {
    const Tensor foreign = call(normalize_, {call(select_, {inputs[0], 1, 0})});
    const Tensor english = call(normalize_, {call(select_, {inputs[0], 1, 1})});
    const Tensor cosines = call(linear_, {foreign, english});       // [foreign, English]
    const Tensor known = call(any_equal_, {inputs[1], inputs[2]});  // translations: 1
    return triplet_ ? triplet(call, cosines, known) : infonce(call, cosines, known);
  }

 private:
  Tensor triplet(const StepCall& call, Tensor cosines, Tensor known) const {
    const Tensor is_negative = call(add_, {call(mul_, {known, -1.0}), 1.0});
    const Tensor drawn = call(multinomial_, {is_negative});
    const Tensor own = call(gather_, {cosines, call(arange_, {cosines})});
    // Of the pairs that have a negative.
    const auto having_one = [&](Tensor x) { return call(gather_rows_, {x, drawn}); };
    const Tensor other = call(gather_, {having_one(cosines), having_one(drawn)});
    const Tensor difference = call(sub_, {other, having_one(own)});
    return call(sum_, {call(relu_, {call(add_, {difference, margin_})})});
  }

  Tensor infonce(const StepCall& call, Tensor cosines, Tensor known) const {
    const Tensor rows = call(arange_, {cosines});
    const Tensor excluded = call(sub_, {known, call(any_equal_, {rows, rows})});
    const Tensor logits = call(masked_fill_, {call(mul_, {cosines, 1 / temperature_}), excluded,
                                              -std::numeric_limits<double>::infinity()});
    const Tensor to_english = call(cross_entropy_, {logits, rows});
    const Tensor from_english = call(cross_entropy_, {call(transpose_, {logits, 0, 1}), rows});
    return call(mul_, {call(add_, {to_english, from_english}), 0.5});
  }

  bool triplet_;
  double margin_;
  double temperature_;
  Op select_;
  Op normalize_;
  Op linear_;
  Op any_equal_;
  Op arange_;
  Op add_;
  Op sub_;
  Op mul_;
  Op multinomial_;
  Op gather_;
  Op gather_rows_;
  Op relu_;
  Op sum_;
  Op masked_fill_;
  Op transpose_;
  Op cross_entropy_;
};

}  // namespace sojourn::sdk
#pragma GCC visibility pop
